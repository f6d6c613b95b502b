#!/bin/sh
# Builds the solution once, runs every test project, and ends with the line "N passed, N failed".
#
#   tests/run.sh            unit tests (tests/*.Tests), integration tests (tests/*.IntegrationTests), tests of the chart
#   tests/run.sh NAME...    only the projects of these names
#
#   CONFIGURATION         build configuration (default Debug)
#   TEST_OPERATOR_BINARY  the operator that the tests with real processes run (default: without NAME the native executable, which
#                         is published first; with NAME the one that was built beside the tests)
#   TEST_OPERATOR_REACH   listed or cluster: the operator's integration tests run only with the roles of that mode of the chart (default: all of them with listed,
#                         then with cluster those of the trait Reach=Cluster)
#
# A test project that ends badly without a failed test (it crashed, or has no tests) counts as one failure: silence is no pass.
# What failed is repeated before the last line, and left in artifacts/tests/failures.log.
set -u
cd "$(dirname "$0")/.." || exit 1
configuration=${CONFIGURATION:-Debug}
results=artifacts/tests
failures=$results/failures.log
mkdir -p "$results"
: >"$failures"

# What runs in the background of a shell does not hear Ctrl-C.
trap 'trap - INT; kill 0' INT

passed=0
failed=0

# Of the solution, what the projects of these names need.
solution=VismaOperator.sln
if [ "$#" -gt 0 ]; then
  solution=$results/named.slnf
  printf '{ "solution": { "path": "../../VismaOperator.sln", "projects": [ %s ] } }\n' \
    "$(for name; do printf '"tests/%s/%s.csproj"\n' "$name" "$name"; done | paste -s -d , -)" >"$solution"
fi

if ! dotnet build "$solution" -c "$configuration" -v quiet -nologo -clp:NoSummary; then
  echo "The solution does not build, so no test ran."
  echo "0 passed, 1 failed"
  exit 1
fi

count() { # file, word: the number behind the word in the summary, 0 where there is none
  number=$(sed -n "s/^ *$2: *\([0-9][0-9]*\) *$/\1/p" "$1" | tail -n 1)
  echo "${number:-0}"
}

remember() { # title, log: what failed in it, or its end where nothing did and the project ended badly all the same
  echo "-- $1"
  if grep -q '^failed ' "$2"; then sed -n '/^failed /,/^$/p' "$2" | head -n 60; else tail -n 20 "$2"; fi
} >>"$failures"

# The operator's integration tests take as long as the others together, and mostly wait for their API server: they run beside them.
run_integration_tests() { # projects
  operator=
  beside=
  for project; do
    case "$project" in
      */VismaOperator.IntegrationTests)
        operator=$project
        execute "$project" "${TEST_OPERATOR_REACH:-listed}" &
        beside=$!
        ;;
    esac
  done
  for project; do
    [ "$project" = "$operator" ] || execute "$project" ""
  done
  [ -z "$operator" ] || [ -n "${TEST_OPERATOR_REACH:-}" ] || execute "$operator" cluster
  [ -z "$beside" ] || wait "$beside"
  for project; do
    [ "$project" = "$operator" ] || tell "$project" ""
  done
  [ -z "$operator" ] || for reach in ${TEST_OPERATOR_REACH:-listed cluster}; do tell "$operator" "$reach"; done
}

# The largest project takes as long as the others together, and much of it is waiting: it runs beside them.
run_unit_tests() { # projects
  beside=
  for project; do
    case "$project" in
      */VismaOperator.Tests)
        execute "$project" "" &
        beside=$!
        ;;
    esac
  done
  for project; do
    case "$project" in
      */VismaOperator.Tests) ;;
      *) execute "$project" "" ;;
    esac
  done
  [ -z "$beside" ] || wait "$beside"
  for project; do tell "$project" ""; done
}

log_of() { echo "$results/$(basename "$1")${2:+.$2}.log"; }

execute() { # project, reach of the operator's roles where it matters; leaves its output and its exit code
  # The wider roles contain the narrower ones, so with them only the tests run that meet a difference.
  only=
  [ "$2" != cluster ] || only="--filter-trait Reach=Cluster"
  # shellcheck disable=SC2086 # two words, or none
  TEST_OPERATOR_REACH=$2 "$1/bin/$configuration/net10.0/$(basename "$1")" $only --no-ansi --no-progress >"$(log_of "$1" "$2")" 2>&1
  echo "$?" >"$(log_of "$1" "$2").status"
}

tell() { # project, reach: what came of it
  name=$(basename "$1")
  log=$(log_of "$1" "$2")
  echo "== $name${2:+ with the roles of mode \"$2\"}"
  status=$(cat "$log.status")
  rm "$log.status"
  sed -n "/^crashes: /p" "$log"
  good=$(count "$log" succeeded)
  bad=$(count "$log" failed)
  skipped=$(count "$log" skipped)
  if [ "$status" -ne 0 ]; then
    [ "$bad" -gt 0 ] || bad=1
    tail -n 200 "$log"
    remember "$name${2:+ ($2)}: exit code $status" "$log"
    echo "   exit code $status; all of its output: $log"
  fi
  passed=$((passed + good))
  failed=$((failed + bad))
  echo "   $good passed, $bad failed, $skipped skipped"
}

# What is shipped is what is tested: compiling ahead is where a program that works can still break. It takes minutes, so the unit tests,
# which do not run it, do not wait for it.
publishing=
if [ "$#" -eq 0 ] && [ -z "${TEST_OPERATOR_BINARY:-}" ]; then
  TEST_OPERATOR_BINARY=$PWD/artifacts/publish/visma-operator
  make --no-print-directory publish >"$results/publish.log" 2>&1 &
  publishing=$!
fi
[ -z "${TEST_OPERATOR_BINARY:-}" ] || export TEST_OPERATOR_BINARY

# Without a server the tests that need one fail one by one with the remedy, so a failure here only has to be seen.
case "$*" in
  "" | *IntegrationTests* | *Testing.ApiServer.Tests* | *ChartTests*) tests/apiserver/obtain.sh || echo "There is no API server for the integration tests." ;;
esac
case "$*" in
  "" | *VismaOperator.IntegrationTests*)
    # A person's consent is tried in a real browser; where there is none, those tests fail with the remedy.
    if ! command -v chromium >/dev/null && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
      { apt-get update && apt-get install -y chromium; } >"$results/chromium.log" 2>&1 || echo "Chromium could not be installed: $results/chromium.log"
    fi
    ;;
esac
case "$*" in
  "" | *ChartTests*)
    tests/helm/obtain.sh || echo "There is no Helm for the tests of the chart."
    # Argo CD's health script runs in a real interpreter; where it cannot be installed, its tests fail with the remedy.
    if ! command -v lua5.4 >/dev/null && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
      { apt-get update && apt-get install -y lua5.4; } >"$results/lua.log" 2>&1 || echo "lua5.4 could not be installed: $results/lua.log"
    fi
    ;;
esac

# shellcheck disable=SC2046 # names of projects have no spaces
if [ "$#" -eq 0 ]; then set -- $(cd tests && ls -d -- *.Tests *.IntegrationTests *.ChartTests); fi

# Those without an API server first; the others need the published operator.
unit=
others=
for name; do
  case "$name" in
    Testing.ApiServer.Tests | *.IntegrationTests | *.ChartTests) others="$others tests/$name" ;;
    *) unit="$unit tests/$name" ;;
  esac
done
# shellcheck disable=SC2086 # nor have these
run_unit_tests $unit
if [ -n "$publishing" ]; then
  if wait "$publishing"; then
    tail -n 1 "$results/publish.log"
  else
    cat "$results/publish.log"
    echo "The operator cannot be published, so no test ran that runs it."
    failed=$((failed + 1))
    others=
  fi
fi
# shellcheck disable=SC2086
run_integration_tests $others

# Once more at the end, where a reader of a long log looks first.
cat "$failures"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
