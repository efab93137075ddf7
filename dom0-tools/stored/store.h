/* SPDX-License-Identifier: MIT */
/*
 * Store: the whole state of the daemon without any input or output: the tree, the domains, the
 * connections with their watches and transactions. One thread uses it.
 *
 * Each change is also appended to `journal` as a record. The server writes that to the journal file
 * before anything of a request becomes visible to a client; so whatever was answered is on file,
 * and what was not answered is either wholly there or not at all.
 *
 * Connections over a socket end with the process, so no record speaks of them; those of domains
 * survive it (see struct connection).
 */
#ifndef LAMINA_STORED_STORE_H
#define LAMINA_STORED_STORE_H

#include "stored/record.h"
#include "stored/tree.h"

/* What one unprivileged domain may have. */
struct limits {
    unsigned nodes;
    unsigned value_size;  /* bytes of one node */
    unsigned path_length; /* below /local/domain/<domid>/ */
    unsigned perms;       /* entries of one node */
    unsigned watches;
    unsigned transactions; /* open at a time */
    unsigned changes;      /* bytes of the changes of one transaction */
    unsigned accesses;     /* nodes looked at in one transaction */
    unsigned outstanding;  /* bytes not yet taken from us; no request is read meanwhile */
};

extern const struct limits limits_default;

struct watch {
    struct watch *next;
    char *path;  /* absolute, or special */
    char *given; /* as the client wrote it */
    char *token;
    size_t strip;  /* bytes taken off an event's path: the client gave a relative one */
    int32_t depth; /* levels below path that count; -1: all */
};

/* A node that a transaction looked at: its path, and whether its list of children mattered. */
struct access_note {
    char *path;
    bool children;
};

struct transaction {
    struct transaction *next;
    uint32_t id;
    bool doomed;           /* its changes were lost in a restart: it cannot be committed */
    struct node *base;     /* the store when it began */
    struct node *root;     /* the same with its own changes */
    struct buffer changes; /* records */
    struct access_note *notes;
    size_t nr_notes;
    int64_t nr_added; /* nodes of its own domain: made less removed */
};

/*
 * A client. `in` holds less than one message, or one whole message. For a domain, `in_pos` is the
 * index of the request ring behind the last byte taken, and `out_pos` that of the response ring for
 * the first byte of `out`; both are in the journal, so that a new process goes on at the same byte.
 */
struct connection {
    struct connection *next;
    uint16_t domid;  /* 0 for all sockets */
    uint16_t target; /* the domain it may act for too; DOMID_NONE: none */
    bool is_domain;  /* over a ring */
    bool is_read_only;
    bool is_broken;     /* spoke nonsense; not listened to */
    bool is_restarting; /* its ring is to be emptied, as the domain asked */
    struct buffer in;
    struct buffer out;
    uint32_t in_pos, out_pos;
    struct watch *watches;
    unsigned nr_watches;
    struct transaction *transactions;
    unsigned nr_transactions;
    uint32_t last_transaction;
};

/* An introduced domain. */
struct domain {
    struct domain *next;
    uint16_t domid;
    bool is_stopped; /* has shut down, @releaseDomain was told */
    uint64_t frame;
    uint32_t port;
    struct connection *connection;
    void *ring; /* of the server */
};

/* What the store asks of whoever owns the rings. May be NULL: nothing to do. */
struct store_hooks {
    /*
     * Finds the ring of the domain; 0 or an errno value. A new domain's streams begin at the
     * positions that the ring has now: the hook sets in_pos and out_pos.
     */
    int (*attach)(void *context, struct domain *domain, bool is_new);
    void (*detach)(void *context, struct domain *domain);
    void *context;
};

struct store {
    struct node *root;
    struct perms special[SPECIAL_COUNT];
    uint64_t generation;
    uint64_t private_generation; /* of changes in transactions */
    struct domain *domains;
    struct connection *connections;
    uint32_t nr_nodes[DOMID_END]; /* by owner */
    struct limits limits;
    struct store_hooks hooks;
    bool is_replaying; /* no watch fires, nothing is recorded */
    struct buffer journal;
};

/* A store with nothing but "/", which only domain 0 may read. */
struct store *store_new(void);
void store_free(struct store *store);

/* Every sentence about a store at rest; false names a bug. */
bool store_is_sane(const struct store *store);

/* Appends the record to the journal, unless it comes from there. */
void store_record(struct store *store, const struct record *record);

/*
 * Makes the change of a CREATE, WRITE, REMOVE or PERMS record, tells watches, records it. False:
 * the record makes no sense here, nothing was done.
 */
bool store_change(struct store *store, const struct record *record);

/* The same for any tree, without telling; calls count for each node that an owner gets or loses. */
bool tree_change(struct node **root, const struct record *record, uint64_t generation,
                 void (*count)(void *context, uint16_t owner, int by), void *context);

/* --- connections --- */

struct connection *connection_new(struct store *store, uint16_t domid, bool is_domain);

/* Watches and transactions go with it. */
void connection_free(struct store *store, struct connection *conn);
struct subject connection_subject(const struct connection *conn);

/* Forgets watches and open transactions. */
void connection_reset(struct store *store, struct connection *conn);

/* Forgets all of the past: the domain starts over with an empty ring. */
void connection_reconnect(struct store *store, struct connection *conn);

/* Stops listening until the domain reconnects. */
void connection_break(struct store *store, struct connection *conn);

/* Adds bytes from the client to `in`. */
void connection_input(struct store *store, struct connection *conn, const void *data, size_t size);

/* `in` was dealt with. */
void connection_input_done(struct store *store, struct connection *conn);

/* Tells the journal where the streams are; `in` and `out` are empty. */
void connection_record_positions(struct store *store, const struct connection *conn);

/* Queues a message; at most XENSTORE_PAYLOAD_MAX bytes of payload. */
void connection_send(struct store *store, struct connection *conn, uint32_t type, uint32_t req_id,
                     uint32_t tx_id, const void *data, size_t size);

/* --- domains --- */

struct domain *domain_find(const struct store *store, uint16_t domid);

/* Errors: EINVAL, or those of the attach hook. Also gives an introduced domain its new port. */
int domain_introduce(struct store *store, uint16_t domid, uint64_t frame, uint32_t port);

/* Removes what the domain owned and its connection, and tells @releaseDomain. */
void domain_release(struct store *store, struct domain *domain);

/* It has shut down, or runs again. Shutting down tells @releaseDomain once. */
void domain_set_stopped(struct store *store, struct domain *domain, bool is_stopped);
void domain_set_target(struct store *store, struct domain *domain, uint16_t target);

#endif
