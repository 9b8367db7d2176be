#!/bin/sh
# What it says depends on the event on its standard input.
if grep -q 'hotfix'; then
    echo '{"active": false}'
else
    echo 'frozen until Monday' >&2
    exit 3
fi
