/* SPDX-License-Identifier: MIT */
/*
 * lamina store: looks into lamina-stored's tree and changes it, for people who know what stands
 * where. Values may be any bytes, and guests write some of them: they are shown as C strings.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "lamina/session.h"
#include "lamina/store_tree.h"
#include "lamina/text.h"

enum { OPTION_JSON, OPTION_FULL, OPTION_RAW };

static const struct command_option options[] = {
    [OPTION_JSON] = { 'j', "json", NULL, "ls: print JSON" },
    [OPTION_FULL] = { 'f', "full", NULL, "ls: print whole paths and permissions" },
    [OPTION_RAW] = { 'r', "raw", NULL, "read: print the bytes as they are; write: take them so" },
    { .name = NULL },
};

struct choices {
    enum store_tree_form form;
    bool raw;
};

static int refuse(struct session *session, int rc, const char *what, const char *path)
{
    failure_set(&session->failure, FAILURE_OPERATION, rc, "cannot %s %s", what, path);
    return session_fail(session);
}

static int list(struct session *session, char **words, const struct choices *choices)
{
    const char *root = words[0] ? words[0] : "/";
    int rc = store_tree_print(session->store, root, choices->form);

    return rc == 0 ? LAMINA_OK : refuse(session, rc, "list", root);
}

static int read_one(struct session *session, const char *path, bool raw)
{
    char *value;
    size_t size;
    int rc = store_read(session->store, 0, path, &value, &size);

    if (rc != 0)
        return refuse(session, rc, "read", path);
    if (raw) {
        fwrite(value, 1, size, stdout);
    } else {
        text_print_escaped(stdout, value, size);
        putchar('\n');
    }
    free(value);
    return LAMINA_OK;
}

static int read_values(struct session *session, char **words, const struct choices *choices)
{
    int status = LAMINA_OK;

    for (; status == LAMINA_OK && *words; words++)
        status = read_one(session, *words, choices->raw);
    return status;
}

static int write_value(struct session *session, char **words, const struct choices *choices)
{
    size_t size = strlen(words[1]);
    char *value = choices->raw ? strdup(words[1]) : text_unescape(words[1], &size);

    if (!value && errno == EINVAL)
        return command_usage_error(session->command, "a backslash in a value is one of"
                                                     " \\n \\t \\r \\\\ \\xHH");
    if (!value)
        return refuse(session, -ENOMEM, "write", words[0]);
    if (strlen(value) != size) {
        free(value);
        return command_usage_error(session->command, "a value with \\x00 cannot be written");
    }
    int rc = store_write(session->store, 0, words[0], value);
    free(value);
    return rc == 0 ? LAMINA_OK : refuse(session, rc, "write", words[0]);
}

static int remove_nodes(struct session *session, char **words, const struct choices *choices)
{
    (void)choices;
    for (; *words; words++) {
        int rc = store_rm(session->store, 0, *words);

        if (rc != 0)
            return refuse(session, rc, "remove", *words);
    }
    return LAMINA_OK;
}

static void print_event(const struct store_event *event)
{
    text_print_escaped(stdout, event->path, strlen(event->path));
    putchar('\n');
}

/* Until a signal ends it; each line is out at once. */
static int watch(struct session *session, char **words, const struct choices *choices)
{
    struct store_event event;

    (void)choices;
    for (; *words; words++) {
        int rc = store_watch(session->store, *words, "lamina");

        if (rc != 0)
            return refuse(session, rc, "watch", *words);
    }
    for (;;) {
        while (store_next_event(session->store, &event) > 0) {
            print_event(&event);
            store_event_free(&event);
        }
        if (fflush(stdout) != 0 || ferror(stdout))
            return LAMINA_OK; /* told by whoever closes the output */
        struct pollfd ready = { .fd = store_fd(session->store), .events = POLLIN };
        if (poll(&ready, 1, -1) < 0 && errno != EINTR)
            return refuse(session, -errno, "wait for", "events");
    }
}

static const struct action {
    const char *name;
    int words_min;
    int words_max;
    const char *expected;
    int (*run)(struct session *session, char **words, const struct choices *choices);
} actions[] = {
    { "ls", 0, 1, "at most one path", list },
    { "read", 1, 1000, "a path", read_values },
    { "write", 2, 2, "a path and a value", write_value },
    { "rm", 1, 1000, "a path", remove_nodes },
    { "watch", 1, 1000, "a path", watch },
};

static const struct action *find_action(const char *name)
{
    for (size_t i = 0; name && i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    }
    return NULL;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct choices choices = { .form = STORE_TREE_NESTED };
    struct session session;
    int option;

    while ((option = command_next_option(command, argc, argv)) >= 0) {
        if (option == OPTION_RAW)
            choices.raw = true;
        else
            choices.form = option == OPTION_JSON ? STORE_TREE_JSON : STORE_TREE_FULL;
    }
    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    const struct action *action = find_action(argv[optind]);
    if (!action)
        return command_usage_error(command, "expected ls, read, write, rm or watch");
    int words = argc - optind - 1;
    if (words < action->words_min || words > action->words_max)
        return command_usage_error(command, "%s: expected %s", action->name, action->expected);
    int status = session_open(&session, command, SESSION_STORE);
    if (status != LAMINA_OK)
        return status;
    return session_end(&session, action->run(&session, argv + optind + 1, &choices));
}

const struct command command_store = {
    .name = "store",
    .arguments = "ls [PATH] | read PATH... | write PATH VALUE | rm PATH... | watch PATH...",
    .summary = "Look at and change the nodes of lamina-stored",
    .options = options,
    .run = run,
};
