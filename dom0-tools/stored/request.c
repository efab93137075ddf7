/* SPDX-License-Identifier: MIT */
/*
 * Request: the frame round each operation. A table says what all operations of a kind have in
 * common: who may ask, whether the payload starts with a path, whether the store may change.
 */
#include "stored/request.h"

#include <errno.h>
#include <string.h>

#include "stored/transaction.h"

enum {
    OP_PRIVILEGED = 1, /* only domain 0 */
    OP_CHANGES = 2,    /* not over a read-only connection */
    OP_PATH = 4,       /* the payload starts with a path */
    OP_SPECIAL = 8,    /* which may be a special one */
    OP_ONLY_PATH = 16, /* and there is nothing else */
};

static const struct operation {
    request_fn *handle;
    unsigned flags;
} operations[XS_TYPE_COUNT] = {
    [XS_CONTROL] = { op_control, OP_PRIVILEGED | OP_CHANGES },
    [XS_DIRECTORY] = { op_directory, OP_PATH | OP_ONLY_PATH },
    [XS_READ] = { op_read, OP_PATH | OP_ONLY_PATH },
    [XS_GET_PERMS] = { op_get_perms, OP_PATH | OP_SPECIAL | OP_ONLY_PATH },
    [XS_WATCH] = { op_watch, 0 },
    [XS_UNWATCH] = { op_unwatch, 0 },
    [XS_TRANSACTION_START] = { op_transaction_start, 0 },
    [XS_TRANSACTION_END] = { op_transaction_end, 0 },
    [XS_INTRODUCE] = { op_introduce, OP_PRIVILEGED | OP_CHANGES },
    [XS_RELEASE] = { op_release, OP_PRIVILEGED | OP_CHANGES },
    [XS_GET_DOMAIN_PATH] = { op_get_domain_path, 0 },
    [XS_WRITE] = { op_write, OP_PATH | OP_CHANGES },
    [XS_MKDIR] = { op_mkdir, OP_PATH | OP_ONLY_PATH | OP_CHANGES },
    [XS_RM] = { op_rm, OP_PATH | OP_ONLY_PATH | OP_CHANGES },
    [XS_SET_PERMS] = { op_set_perms, OP_PATH | OP_SPECIAL | OP_CHANGES },
    [XS_IS_DOMAIN_INTRODUCED] = { op_is_domain_introduced, 0 },
    [XS_RESUME] = { op_resume, OP_PRIVILEGED | OP_CHANGES },
    [XS_SET_TARGET] = { op_set_target, OP_PRIVILEGED | OP_CHANGES },
    [XS_RESET_WATCHES] = { op_reset_watches, 0 },
    [XS_DIRECTORY_PART] = { op_directory_part, OP_PATH },
};

/* Names that clients know; anything else is told as EINVAL. */
static const struct {
    int number;
    const char *name;
} errors[] = {
    { EINVAL, "EINVAL" }, { EACCES, "EACCES" }, { EEXIST, "EEXIST" }, { ENOENT, "ENOENT" },
    { ENOMEM, "ENOMEM" }, { ENOSPC, "ENOSPC" }, { EIO, "EIO" },       { ENOSYS, "ENOSYS" },
    { EROFS, "EROFS" },   { EBUSY, "EBUSY" },   { EAGAIN, "EAGAIN" }, { EISCONN, "EISCONN" },
    { E2BIG, "E2BIG" },   { EPERM, "EPERM" },
};

static const char *error_name(int number)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (errors[i].number == number)
            return errors[i].name;
    return "EINVAL";
}

int request_strings(const struct request *q, const char *strings[], size_t min, size_t max)
{
    const char *p = q->argument, *end = q->argument + q->argument_size;
    size_t nr = 0;

    if (q->argument_size > 0 && end[-1] != '\0')
        return EINVAL;
    for (; p < end; p += strlen(p) + 1) {
        if (nr == max)
            return EINVAL;
        strings[nr++] = p;
    }
    return nr < min ? EINVAL : 0;
}

/* Takes the path from the front of the payload. */
static int take_path(struct request *q, unsigned flags)
{
    uint16_t domid = q->view.conn->domid;
    size_t length = strnlen(q->data, q->header.len);

    if (length == q->header.len || (flags & OP_ONLY_PATH && length + 1 != q->header.len))
        return EINVAL;
    q->argument += length + 1;
    q->argument_size -= length + 1;
    if (flags & OP_SPECIAL && path_special(q->data) >= 0) {
        strcpy(q->path, q->data);
        return 0;
    }
    return path_absolute(q->data, domid, domid ? q->view.store->limits.path_length : 0, q->path);
}

static int handle(struct request *q)
{
    const struct connection *conn = q->view.conn;
    const struct operation *op =
        q->header.type < XS_TYPE_COUNT ? &operations[q->header.type] : NULL;

    if (!op || !op->handle)
        return ENOSYS;
    if (op->flags & OP_PRIVILEGED && conn->domid != 0)
        return EACCES;
    if (op->flags & OP_CHANGES && conn->is_read_only)
        return EROFS;
    if (q->header.tx_id) {
        q->view.tx = transaction_find(conn, q->header.tx_id);
        if (!q->view.tx)
            return ENOENT;
    }
    int rc = op->flags & OP_PATH ? take_path(q, op->flags) : 0;
    return rc ? rc : op->handle(q);
}

int request_missing(const struct connection *conn)
{
    struct xsd_sockmsg header;

    if (conn->in.size < sizeof(header))
        return (int)(sizeof(header) - conn->in.size);
    memcpy(&header, conn->in.data, sizeof(header));
    if (header.len > XENSTORE_PAYLOAD_MAX)
        return -1;
    return (int)(sizeof(header) + header.len - conn->in.size);
}

void request_process(struct store *store, struct connection *conn)
{
    struct buffer message = conn->in;
    struct request q = { .view = { store, conn, NULL } };

    /* The message is ours from here on; the connection may be reset by what it asks for. */
    conn->in = (struct buffer){ 0 };
    connection_input_done(store, conn);
    memcpy(&q.header, message.data, sizeof(q.header));
    q.data = q.argument = (const char *)message.data + sizeof(q.header);
    q.argument_size = q.header.len;
    int rc = handle(&q);
    if (rc == 0 && q.reply.size > XENSTORE_PAYLOAD_MAX)
        rc = E2BIG;
    uint32_t type = rc ? XS_ERROR : q.header.type;
    if (rc || (q.reply.size == 0 && q.header.type != XS_READ && q.header.type != XS_DIRECTORY)) {
        buffer_free(&q.reply);
        buffer_append_string(&q.reply, rc ? error_name(rc) : "OK");
    }
    connection_send(store, conn, type, q.header.req_id, q.header.tx_id, q.reply.data, q.reply.size);
    if (rc == 0 && q.after)
        q.after(&q);
    buffer_free(&q.reply);
    buffer_free(&message);
}
