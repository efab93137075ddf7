/* SPDX-License-Identifier: MIT */
/*
 * Store tree: a walk with a stack of paths that are still to be visited. The store's quotas bound
 * the number of nodes, and the protocol bounds the length of a path.
 */
#include "lamina/store_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lamina/command.h"
#include "lamina/table.h"
#include "lamina/text.h"

struct visit {
    char *path;
    unsigned depth;
};

struct walk {
    struct store_client *store;
    enum store_tree_form form;
    struct table *table; /* JSON only */
    struct visit *stack;
    size_t nr;
    size_t room;
};

enum column { PATH, VALUE, PERMISSIONS };

static const struct table_column columns[] = {
    [PATH] = { "path", "Path", TABLE_TEXT },
    [VALUE] = { "value", "Value", TABLE_TEXT },
    [PERMISSIONS] = { "permissions", "Permissions", TABLE_TEXT },
    { NULL, NULL, TABLE_TEXT },
};

/* Takes the path over, whatever happens. */
static int push(struct walk *walk, char *path, unsigned depth)
{
    if (path && walk->nr == walk->room) {
        size_t room = 2 * walk->room + 64;
        struct visit *stack = reallocarray(walk->stack, room, sizeof(*stack));

        if (stack) {
            walk->stack = stack;
            walk->room = room;
        }
    }
    if (!path || walk->nr == walk->room) {
        free(path);
        return -ENOMEM;
    }
    walk->stack[walk->nr++] = (struct visit){ .path = path, .depth = depth };
    return 0;
}

static char *join(const char *path, const char *name)
{
    char *joined;

    if (asprintf(&joined, "%s%s%s", path, strcmp(path, "/") == 0 ? "" : "/", name) < 0)
        return NULL;
    return joined;
}

/* The first child comes on top of the stack. */
static int push_children(struct walk *walk, const struct visit *visit)
{
    char **names;
    size_t nr;
    int rc = store_list(walk->store, 0, visit->path, &names, &nr);

    if (rc != 0)
        return rc;
    while (rc == 0 && nr-- > 0)
        rc = push(walk, join(visit->path, names[nr]), visit->depth + 1);
    free(names);
    return rc;
}

static void print_quoted(const char *value, size_t size)
{
    fputs(" = \"", stdout);
    text_print_escaped(stdout, value, size);
    putchar('"');
}

static void print_nested(const struct visit *visit, const char *value, size_t size)
{
    const char *slash = strrchr(visit->path, '/');
    const char *name = slash && slash[1] != '\0' && visit->depth > 0 ? slash + 1 : visit->path;

    printf("%*s", (int)(2 * visit->depth), "");
    text_print_escaped(stdout, name, strlen(name));
    print_quoted(value, size);
    putchar('\n');
}

static void print_full(const struct visit *visit, const char *value, size_t size,
                       const char *permissions)
{
    text_print_escaped(stdout, visit->path, strlen(visit->path));
    print_quoted(value, size);
    printf("  (%s)\n", permissions);
}

/* Bytes behind a NUL have no place in a cell; the C spelling keeps them. */
static void add_row(struct table *table, const struct visit *visit, const char *value, size_t size,
                    const char *permissions)
{
    char *spelt = NULL;
    size_t length;
    FILE *stream = open_memstream(&spelt, &length);

    table_add_row(table);
    table_set(table, PATH, "%s", visit->path);
    table_set(table, PERMISSIONS, "%s", permissions);
    if (!stream)
        return;
    text_print_escaped(stream, value, size);
    if (fclose(stream) == 0)
        table_set(table, VALUE, "%s", spelt);
    free(spelt);
}

static int show(struct walk *walk, const struct visit *visit)
{
    char *value, *permissions = NULL;
    size_t size;
    int rc = store_read(walk->store, 0, visit->path, &value, &size);

    if (rc != 0)
        return rc;
    if (walk->form != STORE_TREE_NESTED)
        rc = store_get_perms(walk->store, visit->path, &permissions);
    if (rc == 0 && walk->form == STORE_TREE_NESTED)
        print_nested(visit, value, size);
    else if (rc == 0 && walk->form == STORE_TREE_FULL)
        print_full(visit, value, size, permissions);
    else if (rc == 0)
        add_row(walk->table, visit, value, size, permissions);
    free(permissions);
    free(value);
    return rc;
}

static int walk_all(struct walk *walk)
{
    while (walk->nr > 0) {
        struct visit visit = walk->stack[--walk->nr];
        int rc = show(walk, &visit);

        if (rc == 0)
            rc = push_children(walk, &visit);
        unsigned depth = visit.depth;
        free(visit.path);
        if (rc != 0 && (depth == 0 || rc != -ENOENT))
            return rc;
    }
    return 0;
}

int store_tree_print(struct store_client *store, const char *root, enum store_tree_form form)
{
    struct walk walk = { .store = store, .form = form };

    if (form == STORE_TREE_JSON)
        walk.table = table_new("nodes", columns, TABLE_JSON);
    int rc = push(&walk, strdup(root), 0);
    if (rc == 0)
        rc = walk_all(&walk);
    while (walk.nr > 0)
        free(walk.stack[--walk.nr].path);
    free(walk.stack);
    if (rc == 0 && form == STORE_TREE_JSON)
        return table_print(walk.table) == LAMINA_OK ? 0 : -ENOMEM;
    table_free(walk.table);
    return rc;
}
