#!/bin/sh
# dovecot.sh DIR: runs the Dovecot configured in DIR for as long as standard input is open, then ends it and removes DIR.
# Standard input is a pipe from the tests, so that nothing is left behind even where they are killed.
dir=$1
PATH=$PATH:/usr/sbin:/sbin
dovecot -F -c "$dir/dovecot.conf" </dev/null >"$dir/start.log" 2>&1 &
master=$!
cat >/dev/null

kill -TERM "$master" 2>/dev/null
tries=0
while kill -0 "$master" 2>/dev/null && [ "$tries" -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
kill -KILL "$master" 2>/dev/null
wait "$master" 2>/dev/null

# Its children write a last time while they end.
tries=0
until rm -rf "$dir" 2>/dev/null || [ "$tries" -ge 50 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
