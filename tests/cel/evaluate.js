// Reads one JSON object per line, {"rule": "<CEL>", "self": <value>} or {"rule": "<CEL>", "variables": {<name>: <value>}},
// and answers with one per line: {"result": true|false} or {"error": "<why>"}. An error counts as a refusal, as it does in
// an API server. A line that is an array of such objects is answered with an array.
import { createInterface } from "node:readline";
import { celEnv, parse, plan } from "@bufbuild/cel";

// A rule is read once, however many values it is asked of.
const environment = celEnv();
const plans = new Map();

function planOf(rule) {
  if (!plans.has(rule)) {
    plans.set(rule, plan(environment, parse(rule)));
  }
  return plans.get(rule);
}

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
    const result = planOf(rule)(Object.fromEntries(bound));
    return typeof result === "boolean" ? { result } : { error: String(result) };
  } catch (error) {
    return { error: String(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  process.stdout.write(JSON.stringify(Array.isArray(asked) ? asked.map(evaluate) : evaluate(asked)) + "\n");
}
