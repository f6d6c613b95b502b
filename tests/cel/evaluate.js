// Reads one JSON object a line, {"rule": "<CEL>", "self": <value>} or {"rule": "<CEL>", "variables": {<name>: <value>}}, and answers one a line: {"result": true|false} or
// {"error": "<why>"}. An error counts as a refusal, as it does in an API server.
import { createInterface } from "node:readline";
import { run } from "@bufbuild/cel";

// JSON as the API server hands it to CEL: objects are maps, whole numbers are ints.
function toCel(value) {
  if (Array.isArray(value)) {
    return value.map(toCel);
  }
  if (value !== null && typeof value === "object") {
    return new Map(Object.entries(value).map(([key, member]) => [key, toCel(member)]));
  }
  return Number.isInteger(value) ? BigInt(value) : value;
}

function evaluate({ rule, self, variables }) {
  try {
    const bound = Object.entries(variables ?? { self }).map(([name, value]) => [name, toCel(value)]);
    const result = run(rule, Object.fromEntries(bound));
    return typeof result === "boolean" ? { result } : { error: String(result) };
  } catch (error) {
    return { error: String(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(evaluate(JSON.parse(line))) + "\n");
}
