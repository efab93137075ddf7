/* SPDX-License-Identifier: MIT */
/*
 * Node: reading and changing nodes, their lists of children and permissions.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/link.h"

static int copy_reply(const struct message *reply, char **value)
{
    *value = malloc((size_t)reply->header.len + 1);
    if (!*value)
        return -ENOMEM;
    memcpy(*value, reply->payload, (size_t)reply->header.len + 1);
    return 0;
}

int store_read(struct store_client *client, store_tx_t tx, const char *path, char **value,
               size_t *size)
{
    struct message reply;
    int rc = link_request_path(client, XS_READ, tx, path, NULL, 0, &reply);

    *value = NULL;
    if (rc == 0)
        rc = copy_reply(&reply, value);
    if (rc == 0 && size)
        *size = reply.header.len;
    return rc;
}

int store_read_u64(struct store_client *client, store_tx_t tx, const char *path, uint64_t *value)
{
    struct message reply;
    int rc = link_request_path(client, XS_READ, tx, path, NULL, 0, &reply);
    char *end;

    if (rc)
        return rc;
    if (reply.payload[0] < '0' || reply.payload[0] > '9')
        return -EINVAL;
    errno = 0;
    unsigned long long number = strtoull(reply.payload, &end, 10);
    if (errno || end != reply.payload + reply.header.len)
        return -EINVAL;
    *value = number;
    return 0;
}

int store_write(struct store_client *client, store_tx_t tx, const char *path, const char *value)
{
    return link_request_path(client, XS_WRITE, tx, path, value, strlen(value), NULL);
}

int store_printf(struct store_client *client, store_tx_t tx, const char *path, const char *format,
                 ...)
{
    char value[XENSTORE_PAYLOAD_MAX];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(value, sizeof(value), format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof(value))
        return -E2BIG;
    return store_write(client, tx, path, value);
}

int store_mkdir(struct store_client *client, store_tx_t tx, const char *path)
{
    return link_request_path(client, XS_MKDIR, tx, path, NULL, 0, NULL);
}

int store_rm(struct store_client *client, store_tx_t tx, const char *path)
{
    int rc = link_request_path(client, XS_RM, tx, path, NULL, 0, NULL);

    return rc == -ENOENT ? 0 : rc;
}

/* Names one after the other, each with its NUL. */
struct names {
    char *text;
    size_t size;
};

static int names_append(struct names *names, const char *text, size_t size)
{
    char *grown = realloc(names->text, names->size + size + 1);

    if (!grown)
        return -ENOMEM;
    memcpy(grown + names->size, text, size);
    names->text = grown;
    names->size += size;
    return 0;
}

/*
 * A list that is too long for one answer comes in parts, each behind the list's generation; when
 * that changes the list did, and is asked for from its start.
 */
static int list_parts(struct store_client *client, store_tx_t tx, const char *path,
                      struct names *names)
{
    char offset[24], generation[24] = "";
    struct message reply;

    for (;;) {
        int size = snprintf(offset, sizeof(offset), "%zu", names->size) + 1;
        int rc =
            link_request_path(client, XS_DIRECTORY_PART, tx, path, offset, (size_t)size, &reply);
        if (rc)
            return rc;
        size_t skip = strlen(reply.payload) + 1;
        if (skip > reply.header.len || skip > sizeof(generation))
            return -EIO;
        if (names->size > 0 && strcmp(generation, reply.payload) != 0) {
            names->size = 0;
            continue;
        }
        strcpy(generation, reply.payload);
        const char *part = reply.payload + skip;
        size_t part_size = reply.header.len - skip;
        /* An empty name, that is a second NUL, marks the end. */
        bool is_last = part_size <= 1 || (part[part_size - 1] == '\0' && !part[part_size - 2]);
        rc = names_append(names, part, is_last && part_size ? part_size - 1 : part_size);
        if (rc || is_last)
            return rc;
    }
}

static int names_to_array(const struct names *names, char ***array, size_t *nr)
{
    size_t count = 0;

    for (size_t i = 0; i < names->size; i++)
        count += names->text[i] == '\0';
    char **result = malloc(count * sizeof(char *) + names->size + 1);
    if (!result)
        return -ENOMEM;
    char *next = (char *)(result + count);
    if (names->size)
        memcpy(next, names->text, names->size);
    for (size_t i = 0; i < count; i++) {
        result[i] = next;
        next += strlen(next) + 1;
    }
    *array = result;
    *nr = count;
    return 0;
}

int store_list(struct store_client *client, store_tx_t tx, const char *path, char ***array,
               size_t *nr)
{
    struct names names = { NULL, 0 };
    struct message reply;
    int rc = link_request_path(client, XS_DIRECTORY, tx, path, NULL, 0, &reply);

    *array = NULL;
    *nr = 0;
    if (rc == 0)
        rc = names_append(&names, reply.payload, reply.header.len);
    else if (rc == -E2BIG)
        rc = list_parts(client, tx, path, &names);
    if (rc == 0)
        rc = names_to_array(&names, array, nr);
    free(names.text);
    return rc;
}

int store_set_perms(struct store_client *client, store_tx_t tx, const char *path, const char *perms)
{
    char argument[XENSTORE_PAYLOAD_MAX];
    size_t size = strlen(perms) + 1;

    if (size > sizeof(argument))
        return -E2BIG;
    memcpy(argument, perms, size);
    for (size_t i = 0; i < size; i++)
        if (argument[i] == ' ')
            argument[i] = '\0';
    return link_request_path(client, XS_SET_PERMS, tx, path, argument, size, NULL);
}

int store_get_perms(struct store_client *client, const char *path, char **perms)
{
    struct message reply;
    int rc = link_request_path(client, XS_GET_PERMS, 0, path, NULL, 0, &reply);

    *perms = NULL;
    if (rc)
        return rc;
    for (size_t i = 0; i + 1 < reply.header.len; i++)
        if (reply.payload[i] == '\0')
            reply.payload[i] = ' ';
    return copy_reply(&reply, perms);
}
