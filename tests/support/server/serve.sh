#!/bin/sh
# serve.sh DIR: runs every line of standard input as a program; when that ends, so do the programs, and DIR is removed.
# Standard input is a pipe from the tests, so that nothing is left behind even where they are killed.
dir=$1
PATH=$PATH:/usr/sbin:/sbin
pids=
while IFS= read -r command; do
    sh -c "exec $command" </dev/null >>"$dir/start.log" 2>&1 &
    pids="$! $pids"
done

# The last first, for it may need the first until it is gone.
for pid in $pids; do
    kill -TERM "$pid" 2>/dev/null
    tries=0
    while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 100 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
done

# Their children write a last time while they end.
tries=0
until rm -rf "$dir" 2>/dev/null || [ "$tries" -ge 50 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
