# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For tests that sourced lib.sh: a proxy between the clients and the server (recorder.c).
#
#	recorder_start		sets RECORDER_URL, and SERVER_URL to it until the server is started again
#	$WORK/record		all bytes of both directions
#	$WORK/answer		while it is there, every request is answered with its bytes
#	$WORK/answer.cut	while it is there, connections break when the server has answered
recorder_start() {
	"$B/tests/e2e/recorder" "$SERVER_PORT" "$WORK/record" "$WORK/answer" >"$WORK/recorder.out" &
	PROCESSES+=($!)
	wait_for grep -q 'listening on' "$WORK/recorder.out"
	RECORDER_URL=http://127.0.0.1:$(sed 's/.* //' "$WORK/recorder.out")
	# shellcheck disable=SC2034  # for lib.sh
	SERVER_URL=$RECORDER_URL
}

# answer_with STATUS BODY: as JSON
answer_with() {
	printf 'HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' \
		"$1" "${#2}" "$2" >"$WORK/answer.new"
	mv "$WORK/answer.new" "$WORK/answer"
}
