#!/bin/sh
echo '{"name": "nobody: the rulebook has an entry of this name"}'
