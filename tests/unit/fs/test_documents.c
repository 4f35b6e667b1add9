/* SPDX-License-Identifier: Apache-2.0 */
/* Documents as files: what is written is read back, a save is complete at once, and nothing warm
 * costs an upcall. */
#include "fs/serving.h"

static struct serving s;

static const char *path(const char *name)
{
	return serving_path(&s, name);
}

static void put(const char *name, const char *text)
{
	int fd = open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (int)strlen(text));
	assert_int_equal(close(fd), 0);
}

static bool contains(const char *name, const char *want)
{
	SCOPED(buf_fini) struct buf got = BUF_INIT(1 << 20);
	const char *text;

	if (files_read(path(name), &got) != WK_OK || buf_cstr(&got, &text) != WK_OK)
		return false;
	return strstr(text, want) != NULL;
}

static void run(const char *command)
{
	char line[512];

	(void)snprintf(line, sizeof line, "cd '%s' && ( %s ) >/dev/null 2>&1", s.mnt, command);
	assert_int_equal(system(line), 0);
}

static void new_documents_are_read_back_as_written(void **state)
{
	const char *text = "{\"url\":   \"https://example.com/pets\", \"method\":\"GET\"}";

	(void)state;
	put("Pets/List.json", text);
	assert_true(contains("Pets/List.json", text));
	assert_int_equal(serving_do(&s, SERVING_SETTLE, 0, 0), WK_OK);
	assert_true(contains("Pets/List.json", text));
	serving_wait(contains(".wakefs/status", "\"Pets\""));
}

/* The last writer's close is enough: nobody waits for the quiet time. */
static void a_save_is_complete_when_it_is_closed(void **state)
{
	long before = serving_count(&s, "saves_closed");
	int64_t began = clock_mono_ms();

	(void)state;
	put("Pets/Closed.json", "{\"url\": \"https://example.com/closed\", \"method\": \"GET\"}");
	serving_wait(serving_count(&s, "saves_closed") > before);
	serving_wait(contains(".wakefs/log", "Pets/Closed.json"));
	assert_true(clock_mono_ms() - began < SETTLE_QUIET_MS);
}

static void fsync_is_durable(void **state)
{
	int fd = open(path("Pets/synced.txt"), O_WRONLY | O_CREAT, 0644);
	int dir = open(path("Pets"), O_RDONLY | O_DIRECTORY);
	long before = serving_count(&s, "commits");

	(void)state;
	assert_true(fd >= 0 && dir >= 0);
	assert_int_equal(write(fd, "durable", 7), 7);
	assert_int_equal(fsync(fd), 0);
	assert_int_equal(fsync(dir), 0);
	assert_true(serving_count(&s, "commits") > before);
	assert_int_equal(serving_count(&s, "dirty_bytes"), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(close(dir), 0);
}

static void virtual_files_have_exact_sizes(void **state)
{
	static const char *const names[] = {"status", "stats", "conflicts", "log"};
	struct stat st;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		SCOPED(buf_fini) struct buf got = BUF_INIT(1 << 20);
		SCOPED(arena_free_scoped) struct arena *arena = arena_new(1 << 22);
		struct json *json;
		char name[64];

		(void)snprintf(name, sizeof name, ".wakefs/%s", names[i]);
		assert_int_equal(stat(path(name), &st), 0);
		assert_ok(files_read(path(name), &got));
		assert_int_equal(stat(path(name), &st), 0);
		assert_int_equal(st.st_size, (off_t)got.n);
		assert_int_equal(st.st_mode, S_IFREG | 0444);
		assert_ok(json_parse(arena, buf_bytes(&got), &json, NULL));
	}
	assert_int_equal(truncate(path(".wakefs/status"), 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(open(path(".wakefs/new"), O_WRONLY | O_CREAT, 0644), -1);
	assert_int_equal(unlink(path(".wakefs/status")), -1);
	assert_int_equal(rename(path("Pets/synced.txt"), path(".wakefs/log")), -1);
	assert_int_equal(open(path(".wakefs/.in/x"), O_WRONLY | O_CREAT, 0644), -1);
	assert_int_equal(rename(path(".wakefs"), path("other")), -1);
}

/* find asks once a run which file system this is, and no kernel keeps that answer.  (git status
 * without --no-optional-locks makes and removes its lock file, which is no reading.) */
static long upcalls(void)
{
	return serving_count(&s, "total") - serving_count(&s, "statfs");
}

static void warm_work_costs_no_upcall(void **state)
{
	static const char *const commands[] = {
	    "ls -lR Pets",     "find Pets -type f", "grep -r example Pets",
	    "cat Pets/*.json", "stat Pets/*.json",  "git --no-optional-locks -C Pets status",
	};
	char name[64];

	(void)state;
	for (int i = 0; i < 50; i++) {
		(void)serving_do(&s, SERVING_EDIT, i, i);
		(void)snprintf(name, sizeof name, "Pets/Doc %d.json", i);
		serving_wait(contains(name, "example.com"));
	}
	run("git -C Pets init -q; git -C Pets add -A; "
	    "git -C Pets -c user.name=a -c user.email=a@example.com commit -q -m first");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		long before;

		run(commands[i]);
		run(commands[i]);
		before = upcalls();
		run(commands[i]);
		if (upcalls() != before)
			print_error("upcalls in: %s\n", commands[i]);
		assert_int_equal(upcalls(), before);
	}
}

static void edits_of_documents(void **state)
{
	(void)state;
	(void)serving_do(&s, SERVING_EDIT, 500, 1);
	serving_wait(contains("Pets/Doc 500.json", "example.com"));
	run("sed -i s/example.com/example.org/ 'Pets/Doc 500.json'");
	assert_true(contains("Pets/Doc 500.json", "example.org"));
	assert_int_equal(serving_do(&s, SERVING_SETTLE, 0, 0), WK_OK);
	assert_true(contains("Pets/Doc 500.json", "example.org"));
	assert_true(contains("Pets/Doc 500.json", "req_"));
	run("mv 'Pets/Doc 500.json' Pets/Renamed.json");
	assert_int_equal(serving_do(&s, SERVING_SETTLE, 0, 0), WK_OK);
	assert_true(contains("Pets/Renamed.json", "example.org"));
	run("rm Pets/Renamed.json");
	assert_int_equal(serving_do(&s, SERVING_SETTLE, 0, 0), WK_OK);
	assert_int_equal(access(path("Pets/Renamed.json"), F_OK), -1);
	run("mkdir Shelter && echo '{\"url\": \"https://example.com/s\"}' > Shelter/S.json");
	assert_int_equal(serving_do(&s, SERVING_SETTLE, 0, 0), WK_OK);
	serving_wait(access(path("Shelter/.workspace.json"), F_OK) == 0);
}

static int start(void **state)
{
	(void)state;
	if (!serving_possible())
		return 0;
	(void)alarm(240);
	serving_start(&s, 0);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	if (serving_possible())
		serving_stop(&s);
	return 0;
}

#define MOUNTED(f) cmocka_unit_test_setup(f, serving_need)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    MOUNTED(new_documents_are_read_back_as_written),
	    MOUNTED(a_save_is_complete_when_it_is_closed),
	    MOUNTED(fsync_is_durable),
	    MOUNTED(virtual_files_have_exact_sizes),
	    MOUNTED(edits_of_documents),
	    MOUNTED(warm_work_costs_no_upcall),
	};

	mount_helper_main(argc, argv);
	return cmocka_run_group_tests(tests, start, stop);
}
