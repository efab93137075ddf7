/* SPDX-License-Identifier: MIT */
/*
 * lamina set-memory: the target of a domain's balloon, and waiting until the guest is there.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config/values.h"
#include "domain/domain.h"
#include "lamina/interrupt.h"
#include "lamina/progress.h"
#include "lamina/subject.h"

#define LOOK_AGAIN_MS   200
#define TIMEOUT_DEFAULT 60u
#define TIMEOUT_MAX     86400u
#define ROUNDING_KIB    1024u /* the balloon leaves that much open */

enum { OPTION_WAIT, OPTION_TIMEOUT };

static const struct command_option options[] = {
    [OPTION_WAIT] = { 'w', "wait", NULL, "return once the guest has done it" },
    [OPTION_TIMEOUT] = { 't', "timeout", "SECONDS", "how long to wait at most (60)" },
    { .name = NULL },
};

static int find_memory(struct subject *subject, uint64_t *kib)
{
    struct domain_entry *list;
    size_t nr;
    int rc = domains_list(subject->session.store, &list, &nr, &subject->session.failure);

    if (rc != 0)
        return rc;
    rc = -ESRCH;
    for (size_t i = 0; i < nr; i++) {
        if (list[i].info.domain == subject->domid) {
            *kib = list[i].info.tot_pages * 4;
            rc = 0;
        }
    }
    domains_free(list, nr);
    return rc == 0 ? 0 :
                     failure_set(&subject->session.failure, FAILURE_OPERATION, rc,
                                 "domain %s ended meanwhile: its memory was not set",
                                 subject->name);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* Nobody is told how far a balloon got, so this has to look again while somebody waits for it. */
static int await_memory(struct subject *subject, uint64_t target, unsigned timeout_s)
{
    uint64_t now = 0, tries = (uint64_t)timeout_s * 1000 / LOOK_AGAIN_MS;
    int rc;

    while ((rc = find_memory(subject, &now)) == 0 && distance(now, target) > ROUNDING_KIB) {
        progress_show("%s has %" PRIu64 " of %" PRIu64 " MiB", subject->name, now / 1024,
                      target / 1024);
        if (*interrupted || tries-- == 0)
            break;
        poll(NULL, 0, LOOK_AGAIN_MS);
    }
    progress_clear();
    if (rc != 0 || distance(now, target) <= ROUNDING_KIB)
        return rc;
    return failure_set(&subject->session.failure, FAILURE_OPERATION, -ETIMEDOUT,
                       "%s has %" PRIu64 " MiB yet; the target stays: see 'lamina list'",
                       subject->name, now / 1024);
}

static int read_size(const struct command *command, const char *text, uint64_t *kib)
{
    size_t digits = strspn(text, "0123456789");
    char number[24];

    if (digits > 0 && digits < sizeof(number)) {
        memcpy(number, text, digits);
        number[digits] = '\0';
        if (value_read_kib(number, text[digits] ? text + digits : NULL, kib) == 0)
            return LAMINA_OK;
    }
    return command_usage_error(command,
                               "expected a size like 512MiB or 2G (no unit: KiB), found '%s'",
                               text);
}

static int run(const struct command *command, int argc, char **argv)
{
    uint64_t timeout = TIMEOUT_DEFAULT, kib = 0;
    struct subject subject;
    bool wait = false;
    int option;

    while ((option = command_next_option(command, argc, argv)) >= 0) {
        wait |= option == OPTION_WAIT;
        if (option == OPTION_TIMEOUT && value_read_number(optarg, TIMEOUT_MAX, &timeout) != 0)
            return command_usage_error(command, "expected seconds, found '%s'", optarg);
    }
    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    if (argc - optind != 2)
        return command_usage_error(command, "expected %s", command->arguments);
    int status = read_size(command, argv[optind + 1], &kib);
    if (status == LAMINA_OK)
        status = subject_open(&subject, command, argv[optind]);
    if (status != LAMINA_OK)
        return status;
    interrupt_take();
    int rc = domain_set_memory(subject.session.store, subject.domid, kib,
                               &subject.session.failure);
    if (rc == 0 && wait)
        rc = await_memory(&subject, kib, (unsigned)timeout);
    return subject_end(&subject, rc);
}

const struct command command_set_memory = {
    .name = "set-memory",
    .arguments = "DOMAIN SIZE",
    .summary = "Set how much memory a domain has, up to what it was made for",
    .options = options,
    .run = run,
};
