#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Files of other kinds: exit code 1, one sentence that names the kind, and nothing taken in, also not from
# the good file beside it.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need jq
pass=(--passphrase-file "$PASSPHRASE_FILE")

# refused FILE WHAT: WHAT is what the sentence says of it
refused() {
	check_exit 1 wakefs import "$1" "${pass[@]}"
	check_says "$2"
	check_same "one sentence for $1" "$(wc -l <"$WORK/err")" 1
	check_same "nothing else" "$(cat "$WORK/out")" ""
	check "it ends as a sentence does" grep -q '\.$' "$WORK/err"
}

server_start
person ann
signup
foreign=$ROOT/tests/data/foreign
while read -r file what; do
	refused "$foreign/$file" "$what"
	tried+=("$file")
done <<-'END'
	archive.har HTTP archive (HAR)
	broken.json JSON: line 10, column 22: a comma or } is missing
	data.xml XML file
	git-sync.yml single document of an Insomnia git-sync tree
	insomnia-v1.json Insomnia export of format 1
	insomnia-v2.json Insomnia export of format 2
	insomnia-v5.yaml Insomnia v5 collection
	notes.txt no export of Insomnia
	openapi-3.yaml OpenAPI description 3
	postman-environment.json Postman environment
	postman-v2.0.json Postman collection (v2.0)
	postman-v2.1.json Postman collection (v2.1)
	request.curl cURL command
	service.wsdl WSDL description
	swagger-2.json Swagger description
	truncated.json JSON: line 14, column 14: a string is not closed
END
check_same "all of them" "${tried[*]}" "$(cd "$foreign" && echo *)"
mkdir -p "$WORK/tree/.insomnia/Request" "$WORK/directory"
refused "$WORK/tree" 'Insomnia git-sync tree'
refused "$WORK/directory" 'a directory'
: >"$WORK/empty.json"
refused "$WORK/empty.json" 'The file is empty'
head -c 300 "$SAMPLES/garden.yaml" >"$WORK/cut.yaml"
refused "$WORK/cut.yaml" 'YAML: line [0-9]*, column [0-9]*'
head -c 300 /dev/urandom >"$WORK/noise"
refused "$WORK/noise" '.'

if [ -r "${WAKEFS_DATA:-}/INDEX.tsv" ]; then
	count=0
	while IFS=$'\t' read -r file _ _ _ _ _ format _; do
		case $format in
		format | v3\ * | v4\ *) continue ;;
		v5*) what='Insomnia v5 collection' ;;
		v2) what='Insomnia export of format 2' ;;
		v1*) what='Insomnia export of format 1' ;;
		postman) what='Postman collection (v2' ;;
		openapi3) what='OpenAPI description 3' ;;
		har) what='HTTP archive' ;;
		gitsync) what='Insomnia git-sync tree' ;;
		*) fail "what is $format?" ;;
		esac
		refused "$WAKEFS_DATA/$file" "$what"
		count=$((count + 1))
	done <"$WAKEFS_DATA/INDEX.tsv"
	check "there are real ones" test $count -ge 10
else
	echo "WAKEFS_DATA is not set: only our own files are tried"
fi

# Also through a mount, and beside a good file.
mount_here
check_exit 1 wakefs import "$SAMPLES/pet-store.json" "$foreign/postman-v2.1.json" "$foreign/notes.txt"
check_says 'Nothing was taken in'
check_says 'Postman collection'
check_says 'no export of Insomnia'
check_same "nothing was taken in" "$(status_json | jq '.groups | length')" 0
check_same "nothing is shown" "$(ls "$MNT")" ""
exit 0
