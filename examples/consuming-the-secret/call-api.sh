#!/bin/sh
# Calls the ERP API with the token of a mounted Secret (or of a folder that `visma-operator local` writes):
#   call-api.sh FOLDER PATH        for example: call-api.sh /var/run/visma /dimension
# The files are read for every call, so a renewal needs no restart. The header goes through a file of its own: arguments of a
# process can be read by everybody on the machine.
set -eu
folder=$1
path=$2
header=$(mktemp)
trap 'rm -f "$header"' EXIT
{ printf 'Authorization: '; cat "$folder/authorization"; } >"$header"
curl --fail-with-body --silent --show-error --header "@$header" "$(cat "$folder/base_url")$path"
