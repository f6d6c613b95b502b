#!/bin/sh
# Builds the solution once, runs every test project, and ends with the line "N passed, N failed".
#
#   tests/run.sh            unit tests (tests/*.Tests), integration tests (tests/*.IntegrationTests), tests of the chart
#   tests/run.sh NAME...    only the projects of these names
#
#   CONFIGURATION         build configuration (default Debug)
#   TEST_OPERATOR_BINARY  the operator that the tests with real processes run (default: without NAME the native executable, which
#                         is published first; with NAME the one that was built beside the tests)
#   TEST_OPERATOR_REACH   listed or cluster: the operator's integration tests run only with the roles of that mode of the chart
#                         (default: all of them with listed, and with cluster those of the trait Reach=Cluster)
#
# A test project that ends badly without a failed test (it crashed, or has no tests) counts as one failure: silence is no pass.
# What failed is repeated before the last line, and left in artifacts/tests/failures.log.
set -u
cd "$(dirname "$0")/.." || exit 1
configuration=${CONFIGURATION:-Debug}
results=artifacts/tests
failures=$results/failures.log
authorities=$PWD/$results/authorities
mkdir -p "$results" "$authorities"
rm -f "$results"/*.status
: >"$failures"

# What runs in the background of a shell does not hear Ctrl-C.
trap 'trap - INT; kill 0' INT

passed=0
failed=0

# What the solution has and no test needs is not built.
names=$*
[ -n "$names" ] || names=$(cd tests && ls -d -- *.Tests *.IntegrationTests *.ChartTests)
solution=$results/tests.slnf
printf '{ "solution": { "path": "../../VismaOperator.sln", "projects": [ %s ] } }\n' \
  "$(for name in $names; do printf '"tests/%s/%s.csproj"\n' "$name" "$name"; done | paste -s -d , -)" >"$solution"

# One compiler serves all projects, also where the environment says otherwise: started for each, it takes longer to start than to compile.
# It has a name of its own, so that it ends with this run, and no other one does.
export UseSharedCompilation=true SharedCompilationId="visma-operator-$$"
stop_compiler() {
  compiler=$(dirname "$(readlink -f "$(command -v dotnet)")")/sdk/$(dotnet --version)/Roslyn/bincore/VBCSCompiler.dll
  [ ! -f "$compiler" ] || dotnet exec "$compiler" "-pipename:$SharedCompilationId" -shutdown >/dev/null 2>&1
}
trap stop_compiler EXIT

# What is compiled while it runs: counting how code branches costs more than it gives in minutes, as does a page that is never writable and
# executable at once. What is published is compiled already, and none of this changes it.
export DOTNET_TieredPGO=0 DOTNET_EnableWriteXorExecute=0

# Compilers allocate much, and memory is cheaper here than collecting garbage often.
compiling='env DOTNET_gcServer=0 DOTNET_GCgen0size=8000000 DOTNET_TC_CallCountThreshold=100' # hexadecimal: 128 MB

# What is shipped is what is tested: compiling ahead is where a program that works can still break. It takes minutes, so what does not run
# it does not wait for it, and it begins beside the build, which keeps one processor busy. Both restore the same files, so that comes first.
publishing=
dotnet restore "$solution" -v quiet -nologo
if [ "$#" -eq 0 ] && [ -z "${TEST_OPERATOR_BINARY:-}" ]; then
  TEST_OPERATOR_BINARY=$PWD/artifacts/publish/visma-operator
  make --no-print-directory restore >"$results/publish.log" 2>&1
  $compiling make --no-print-directory publish RESTORED=1 >>"$results/publish.log" 2>&1 &
  publishing=$!
fi
[ -z "${TEST_OPERATOR_BINARY:-}" ] || export TEST_OPERATOR_BINARY

if ! $compiling dotnet build "$solution" --no-restore -c "$configuration" -v quiet -nologo -clp:NoSummary; then
  [ -z "$publishing" ] || kill "$publishing"
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

log_of() { echo "$results/$(echo "${1%:}" | tr : .).log"; } # project:part

execute() { # niceness, project:part; leaves its output and its exit code
  niceness=$1
  project=tests/${2%:*}
  part=${2#*:}
  log=$(log_of "$2")
  case "$part" in
    crashes) set -- --filter-class '*CrashScheduleTests' ;;
    others) set -- --filter-not-class '*CrashScheduleTests' ;;
    prompt) set -- --filter-class '*PromptnessTests' ;;
    scenes) set -- --filter-not-class '*PromptnessTests' ;;
    # The wider roles contain the narrower ones, so with them only the tests run that meet a difference.
    cluster) set -- --filter-trait Reach=Cluster ;;
    *) set -- ;;
  esac
  reach=${TEST_OPERATOR_REACH:-}
  [ "$part" != cluster ] || reach=cluster
  program=$project/bin/$configuration/net10.0/$(basename "$project")
  # Hot code is compiled well at once, and not when no new code was seen for a while: tests see new code all the time. It is hot after 256
  # calls (the number is hexadecimal): the usual 30 has far more compiled twice than a few minutes give back.
  # No test trusts an authority of this machine, and to read all of them is a quarter of what a start of the operator costs.
  TEST_OPERATOR_REACH=$reach SSL_CERT_DIR=$authorities DOTNET_TC_CallCountingDelayMs=0 DOTNET_TC_CallCountThreshold=100 \
    nice -n "$niceness" "$program" "$@" --no-ansi --no-progress >"$log" 2>&1
  echo "$?" >"$log.status"
}

tell() { # project:part: what came of it
  log=$(log_of "$1")
  name="${1%:*}"
  [ "${1#*:}" = "" ] || name="$name (${1#*:})"
  echo "== $name"
  status=$(cat "$log.status" || echo 1) # none where its lane ended before it
  sed -n "/^crashes: /p; /^chaos: /p; /^failover: /p; /^fuzz: /p" "$log"
  good=$(count "$log" succeeded)
  bad=$(count "$log" failed)
  skipped=$(count "$log" skipped)
  if [ "$status" -ne 0 ]; then
    [ "$bad" -gt 0 ] || bad=1
    tail -n 200 "$log"
    remember "$name: exit code $status" "$log"
    echo "   exit code $status; all of its output: $log"
  fi
  passed=$((passed + good))
  failed=$((failed + bad))
  echo "   $good passed, $bad failed, $skipped skipped"
}

# Without a server the tests that need one fail one by one with the remedy, so a failure here only has to be seen.
case "$*" in
  "" | *IntegrationTests* | *Testing.ApiServer.Tests* | *ChartTests*) tests/apiserver/obtain.sh || echo "There is no API server for the integration tests." ;;
esac
case "$*" in
  "" | *VismaOperator.IntegrationTests*)
    # A person's consent is tried in a real browser; where there is none, those tests fail with the remedy. Without a desktop it is cheaper.
    if ! command -v chromium-headless-shell >/dev/null && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
      { apt-get update && { apt-get install -y chromium-headless-shell || apt-get install -y chromium; }; } >"$results/chromium.log" 2>&1 \
        || command -v chromium >/dev/null || echo "Chromium could not be installed: $results/chromium.log"
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
case "$*" in
  "" | *ChartTests* | *VismaOperator.IntegrationTests*)
    # Alerts and dashboards run in a real Prometheus, which also scrapes the operator; where it cannot be installed, their tests fail with the remedy.
    if ! command -v promtool >/dev/null && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
      { apt-get update && apt-get install -y --no-install-recommends prometheus; } >"$results/prometheus.log" 2>&1 || echo "Prometheus could not be installed: $results/prometheus.log"
    fi
    ;;
esac

# What is tested by processes of their own (project:part), and which of them run one after another. Such lanes run beside each other, since
# many tests mostly wait. Tests that hold the operator to times get the processors first, and the crashes what nobody else wants. The chart's
# tests wait for the former: helm and kubectl keep a processor busy.
parts_of() {
  case "$1" in
    VismaOperator.Tests) echo "$1:others $1:crashes" ;;
    VismaOperator.IntegrationTests) echo "$1:prompt $1:scenes$([ -n "${TEST_OPERATOR_REACH:-}" ] || echo " $1:cluster")" ;;
    *) echo "$1:" ;;
  esac
}
crashes='' others='' small='' prompt='' scenes='' cluster='' chart=''
for run in $(for name in $names; do parts_of "$name"; done); do
  case "$run" in
    *:crashes) crashes=$run ;;
    *:others) others=$run ;;
    *:prompt) prompt=$run ;;
    *:scenes) scenes=$run ;;
    *:cluster) cluster=$run ;;
    *.ChartTests:) chart=$run ;;
    *) small="$small $run" ;;
  esac
done

lane() { # niceness, project:part...
  niceness=$1
  shift
  for run; do execute "$niceness" "$run"; done
}
unpublished='' # the lanes that need no published operator
# shellcheck disable=SC2086 # names have no spaces
for runs in "19 $crashes" "10 $others $small"; do
  # New objects in what the processor's cache holds. Only here: a published operator would inherit it.
  (export DOTNET_GCgen0size=800000 && lane $runs) & # hexadecimal: 8 MB
  unpublished="$unpublished $!"
done
if [ -n "$publishing" ] && ! wait "$publishing"; then
  cat "$results/publish.log"
  echo "The operator cannot be published, so no test ran that runs it."
  failed=$((failed + 1))
  scenes='' prompt='' cluster='' chart=''
else
  [ -z "$publishing" ] || tail -n 1 "$results/publish.log"
  stop_compiler
  # shellcheck disable=SC2086
  lane 10 $scenes &
  (lane 0 $prompt && lane 10 $chart) &
fi
# shellcheck disable=SC2086 # numbers
wait $unpublished
# shellcheck disable=SC2086
lane 10 $cluster
for run in $small $others $crashes; do tell "$run"; done
wait
for run in $scenes $prompt $cluster $chart; do tell "$run"; done

# Once more at the end, where a reader of a long log looks first.
cat "$failures"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
