#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tallyman against a real site: an administrator's day, over both ways in, with programs that die meanwhile.
set -u
cd "$(dirname "$0")/../.." || exit 1
tallyman=${TALLYMAN_BUILD:-build}/tallyman
work=$(mktemp -d "${TMPDIR:-/tmp}/tallyman-cli-XXXXXX")
site=$work/site
trap 'script/site stop "$site"; rm -rf "$work"' EXIT
failed=0

ok() {                  # NAME COMMAND...: the command succeeds
        local name=$1
        shift
        if "$@" >"$work/out" 2>"$work/err"; then
                echo "ok - $name"
        else
                echo "not ok - $name: $? from $*: $(tail -n 3 "$work/out" "$work/err" | tr '\n' ' ')"
                failed=1
        fi
}

exits() {               # CODE NAME COMMAND...
        local want=$1 name=$2 got
        shift 2
        "$@" >"$work/out" 2>"$work/err"
        got=$?
        if [ "$got" -eq "$want" ]; then
                echo "ok - $name"
        else
                echo "not ok - $name: exit status $got, not $want: $(tr '\n' ' ' <"$work/err")"
                failed=1
        fi
}

same() {                # NAME WANT GOT
        if [ "$2" = "$3" ]; then
                echo "ok - $1"
        else
                echo "not ok - $1: '$3', not '$2'"
                failed=1
        fi
}

has() {                 # NAME PATTERN: in what the last command wrote
        if grep -q -- "$2" "$work/out" "$work/err"; then
                echo "ok - $1"
        else
                echo "not ok - $1: no '$2' in: $(cat "$work/out" "$work/err" | tr '\n' ' ')"
                failed=1
        fi
}

t() {
        "$tallyman" "$@"
}

counters() {            # ID
        t status "$1" --json | jq -c '[.Targeted, .Installed, .Retrying, .Failed]'
}

# A program of the site dies by SIGKILL, and is started again with the same words.
declare -A argv
die() {                 # NAME
        local pid
        pid=$(cat "$site/$1.pid")
        argv[$1]=$(tr '\0' '\n' <"/proc/$pid/cmdline")
        kill -9 "$pid"
        while [ -e "/proc/$pid" ] && ! grep -q '^State:.*[ZX]' "/proc/$pid/status" 2>/dev/null; do sleep .01; done
}
revive() {              # NAME
        local words
        mapfile -t words <<<"${argv[$1]}"
        (cd "$site" && exec setsid "${words[@]}" </dev/null >>"$site/$1.log" 2>&1) &
        echo $! >"$site/$1.pid"
}

# ---- a site ----

settings=$(script/site start "$site" --address 127.0.0.31 --site PAR --dps 3 --set dp_offline_grace=1s --set retries=1 \
        --set retry_delay=1s) || exit 1
eval "$settings"
export TALLYMAN_SERVER
same 'a site has its code' PAR "$(t site list -o name)"
same 'and its distribution points' 'dp01 dp02 dp03' "$(t dp list -o name | xargs)"

mkdir "$work/source"
for i in 1 2 3 4 5 6 7 8; do head -c $((i * 10000)) /dev/urandom >"$work/source/file $i"; done

# ---- from a folder to ready ----

id=$(t package create --name Editor --version 9 --source "$work/source" --priority high)
same 'a package gets an ID' PAR00001 "$id"
exits 5 'nobody has it, so it is not ready' t wait "$id" --timeout 1s
ok 'distribute by pattern' t distribute "$id" --dp 'dp0[12]'
exits 0 'wait until it is ready' t wait "$id" --timeout 1m
same 'counters' '[2,2,0,0]' "$(counters "$id")"
ok 'the rest' t distribute "$id" --all
exits 0 'wait for all' t wait "$id" --for installed --timeout 1m
same 'counters of all three' '[3,3,0,0]' "$(counters "$id")"
exits 0 'nothing differs' t verify --deep
exits 0 'two of them hold the same' t diff --dp dp01 dp02
same 'the ledger knows three copies' 3 "$(t get SMS_PackageStatus --filter "Status eq 3 and Type eq 2" -o jsonl | wc -l)"

# ---- context values ----

raise() {
        t invoke SMS_StatusMessage RaiseErrorStatusMsg MessageType=768 MessageText='the disk is full' "$@"
}
exits 1 'a status message wants to know who raises it' raise
has 'and says so' 'ApplicationName'
ok 'context values say it' raise --context ApplicationName=Backup --context=MachineName=pc1
same 'and it is raised by them' '["Backup","pc1"]' \
        "$(t query --context ApplicationName=reader "SELECT Component, MachineName FROM SMS_StatusMessage WHERE Component = 'Backup'" -o json | \
                jq -c '.[0] | [.Component, .MachineName]')"
exits 2 'a context value without a value' t get SMS_Site --context MachineName
has 'is told by its form' 'NAME=VALUE'
exits 1 'a context value that cannot be sent' t get SMS_Site --context 'Machine"Name=x'

# ---- the change log ----

last=$(t events --from 0 --timeout 1s -o jsonl | tail -n 1 | jq .sequence)
echo new >"$work/source/new"
ok 'update' t package update "$id"
exits 0 'wait for the new version' t wait "$id" --version 2 --timeout 1m
t watch SMS_PackageStatusRootSummarizer --from "$last" --timeout 1s -o jsonl >"$work/log"
same 'ordering it lowered Installed to 0 at once' '[2,0]' \
        "$(jq -c '[.after.SourceVersion, .after.Installed]' "$work/log" | head -n 1)"
same 'and it only climbed from there' 'true' "$(jq -s '[.[].after.Installed] | . == sort and .[-1] == 3' "$work/log")"
middle=$(jq -s '.[0].sequence' "$work/log")
same 'watching can be resumed' "$(tail -n +2 "$work/log")" \
        "$(t watch SMS_PackageStatusRootSummarizer --from "$middle" --timeout 1s -o jsonl)"

# ---- advertised when it is there ----

ok 'a program' t program create "$id" --name Install --command-line 'setup /s'
collection=$(t collection create --name Editors)
ok 'a member' t collection add "$collection" pc-0001
advert=$(t advert create --name 'Install it' --package "$id" --program Install --collection "$collection")
same 'it is offered, with content of three distribution points' "[\"$advert\",3]" \
        "$(t offers --site PAR --json | jq -c '.[0] | [.AdvertisementID, (.Content | length)]')"
exits 1 'a package that is advertised is not deleted' t package delete "$id"
die dp03
ok 'another version, while one distribution point is dead' t package update "$id"
same 'it is no longer offered' '' "$(t offers -o name)"

# ---- what fails says why, and can be tried again ----

exits 4 'what failed for good ends the wait' t wait "$id" --timeout 1m
has 'and says where to look' "tallyman status $id"
same 'counters with one failed' '[3,2,0,1]' "$(counters "$id")"
exits 0 'two of three are enough' t wait "$id" --min-ready 60% --timeout 1m
ok 'status' t status "$id"
has 'says that it is not ready' "^$id Editor is not ready:.*dp03"
same 'only the failed one' dp03 "$(t status --state error -o name)"
exits 1 'verify says who did not answer' t verify --deep
revive dp03
ok 'retry what failed' t retry --failed
exits 0 'then it is ready' t wait "$id" --timeout 1m
same 'and offered again' "$advert" "$(t offers -o name)"

# ---- the site server dies while somebody waits ----

head -c 3000000 /dev/urandom >"$work/source/large"
die dp02
ok 'a version that cannot be complete yet' t package update "$id"
t wait "$id" --version 4 --timeout 1m 2>"$work/waiter" &
waiter=$!
sleep .3
die site
sleep .3
revive site
until t -q site list >/dev/null 2>&1; do sleep .05; done
revive dp02
if ! wait $waiter; then         # it may have failed for good before dp02 came back: then a retry must mend it
        t -q retry --failed
        t wait "$id" --version 4 --timeout 1m 2>"$work/waiter"
fi
same 'a waiter outlives the site server' '[3,3,0,0]' "$(counters "$id")"
exits 0 'and nothing was lost' t verify --deep

# ---- groups, removal ----

ok 'a group' t group create Paris
ok 'with members' t group add Paris dp01 dp02
second=$(t package create --name Viewer --source "$work/source")
ok 'distribute to it' t distribute "$second" --group Paris
exits 0 'wait' t wait "$second" --timeout 1m
ok 'remove' t remove "$second" --dp dp01
exits 0 'wait until it is gone' t wait "$second" --for removed --timeout 1m
same 'counters after the removal' '[1,1,0,0]' "$(counters "$second")"
exits 1 'they no longer hold the same' t diff --dp dp01 dp02
ok 'delete' t package delete "$second"
exits 0 'wait' t wait "$second" --for removed --timeout 1m
exits 3 'it is forgotten' t status "$second"

# ---- the other way in ----

https=(--server "${TALLYMAN_CONSOLE_URL%/}" --cacert "$TALLYMAN_CACERT" --user "$TALLYMAN_USER")
same 'over https' PAR "$(t "${https[@]}" --password-file "$TALLYMAN_PASSWORD_FILE" site list -o name)"
echo wrong >"$work/password"
exits 6 'a wrong password' t "${https[@]}" --password-file "$work/password" site list
exits 7 'an authority nobody knows' t --server "${TALLYMAN_CONSOLE_URL%/}" site list
exits 7 'nobody there' t --server https://127.0.0.31:9 site list
if command -v setpriv >/dev/null && [ "$(id -u)" = 0 ]; then
        # copies, for the build may lie where nobody else may look
        cp "$tallyman" "$work/tallyman"
        cp "$(ldd "$tallyman" | awk '/libtallyman/ { print $3 }')" "$work/libtallyman.so.0"
        chmod 755 "$work" "$work/libtallyman.so.0"
        exits 6 'somebody else at the local socket' env LD_LIBRARY_PATH="$work" \
                setpriv --reuid 65534 --clear-groups --inh-caps=-all "$work/tallyman" site list
fi
exit $failed
