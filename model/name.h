/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_NAME_H
#define MODEL_NAME_H

#include "model/kind.h"

/*
 * Document names and file names.  One-to-one: every document name encodes and
 * decodes to itself; every file name that decodes, decodes to a name that encodes
 * to it.  Names are WTF-8 (base/utf8.h), file names strict UTF-8.
 *
 * Escaped as %XX: '/', 00-1F, 7F, a leading '.', lone surrogates (three bytes),
 * and the dot of a reserved last segment; '%' itself only where leaving it would make
 * the decoder see an escape.  The empty name is "%".  Encoded names over
 * NAME_BYTES_MAX (or what the suffix and mark leave of NAME_FILE_MAX) are cut at a
 * character.  A cut or doubled name ends in "%~" and 4 or more characters
 * [0-9A-Za-z_-] of the document's id before its suffix.
 *
 * Reserved last segments: of Requests every "x" with a kind whose suffix is ".x.json" (ws,
 * payload, grpc, env, cookies, cert, ca, suite, test, mock, route, workspace) and "@TYPE" for a
 * type that has no kind, 1 to 64 of [0-9A-Za-z_]; of directories json, yaml, proto, env, ws, suite
 * and mock; of all other kinds none, since their suffix says the kind.
 */
#define NAME_BYTES_MAX 200
#define NAME_FILE_MAX 255

/*
 * Writes the file (or, for directory kinds and for_children, directory) name of
 * a document.  type is used for KIND_OTHER only.  mark: NULL, or the characters
 * of the id that stand after "%~" (the caller chose how many; see name_mark).
 * *cut_out (may be NULL): whether the name had to be cut, which needs a mark: without
 * one, what is written is only good for asking.  for_children: the directory of what hangs
 * below it; of a Workspace its group's directory (else a Workspace is a plain file, as a
 * second one in a group is).
 * WK_UNSUPPORTED: a type that no file name can say, or a kind without a children directory.
 * WK_INVALID: name is not WTF-8, or mark is no mark.
 */
enum wk_status name_encode(enum kind k, struct bytes type, struct bytes name, const char *mark,
			   bool for_children, char out[NAME_FILE_MAX + 1], bool *cut_out);

/*
 * The last `count` characters of an id as a mark: others than [0-9A-Za-z_-] become '_', and
 * 4 are written even of a shorter id.  Asking for more than the id has gives all of it.
 */
void name_mark(struct bytes id, size_t count, char out[DOC_ID_MAX + 1]);

struct name_parts {
	enum kind kind;
	char type[72];		/* KIND_OTHER: its type; else the kind's */
	struct buf name;	/* decoded; meaningless when cut (then ask the document) */
	char mark[DOC_ID_MAX + 1];	/* what stands after "%~"; "" when none */
};
#define NAME_PARTS_INIT { .name = BUF_INIT(3 * NAME_FILE_MAX) }
void name_parts_fini(struct name_parts *p);

/*
 * What a regular file of this name would be.  WK_NOT_FOUND: not a document's name
 * (scratch).  WK_INVALID: it would be one, but it is not UTF-8, or has a control
 * character that is not escaped.  WK_LIMIT: it would be one, but is over NAME_BYTES_MAX
 * without mark and suffix (it would not encode to itself).
 * ".folder.json", ".workspace.json" and ".protodir.json" decode to their kind with an empty name.
 */
enum wk_status name_decode_file(struct bytes file_name, struct name_parts *out);
/*
 * What a directory of this name is: KIND_FOLDER (or, below a ProtoDirectory, its kind is
 * the caller's to know), or with a children suffix the kind whose children it holds and
 * *children_out true.  WK_NOT_FOUND: a directory that is no document's (".git", "x.json").
 * Else as above.
 */
enum wk_status name_decode_dir(struct bytes dir_name, struct name_parts *out, bool *children_out);

/*
 * Whether a file of this name is a document, if its bytes are right.  Editors' and tools'
 * files beside one are not: .swp, ~, 4913, .#x, .goutputstream-*, ___jb_tmp___ ...: names
 * that begin with '.' (the dir files excepted) or carry a temp suffix.
 */
bool name_is_document_like(struct bytes file_name);

#endif
