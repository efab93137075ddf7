/* SPDX-License-Identifier: MIT */
/*
 * lamina shutdown: asks guests to power off. All are asked before the first is waited for.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "common/daemon.h"
#include "config/values.h"
#include "domain/domain.h"
#include "lamina/interrupt.h"
#include "lamina/request.h"

#define TIMEOUT_MAX 86400u

enum { OPTION_ALL, OPTION_WAIT, OPTION_TIMEOUT, OPTION_QUIET };

static const struct command_option options[] = {
    [OPTION_ALL] = { 'a', "all", NULL, "all domains but the control domain" },
    [OPTION_WAIT] = { 'w', "wait", NULL, "return once they are gone" },
    [OPTION_TIMEOUT] = { 't', "timeout", "SECONDS", "how long to wait for anything at most" },
    [OPTION_QUIET] = { 'q', "quiet", NULL, "say nothing about success" },
    { .name = NULL },
};

struct choices {
    bool all;
    bool wait;
    bool quiet;
    struct request_patience patience;
};

static void say(const struct choices *choices, const struct subject *subject, const char *what)
{
    if (!choices->quiet)
        printf("Domain %s %s\n", subject->name, what);
}

/* Whose part it is to take a domain away that has powered off, and whether it shall be. */
static bool shall_go(struct subject *subject)
{
    struct failure ignored = { .kind = FAILURE_NONE };
    struct domain_config *config = calloc(1, sizeof(*config));
    bool preserve = config &&
                    domain_current_config(subject->session.store, subject->domid, config,
                                          &ignored) == 0 &&
                    config->on_poweroff != ACTION_DESTROY;

    if (config)
        domain_config_free(config);
    free(config);
    return !preserve;
}

/* laminad takes away what has shut down; without it this does. */
static int see_it_go(struct subject *subject, const struct choices *choices)
{
    struct session *session = &subject->session;
    bool destroy = shall_go(subject);
    int reason, rc = request_await_end(subject, &choices->patience, &reason);

    if (rc == 0 && reason >= 0 && destroy && !daemon_runs("laminad"))
        rc = domain_destroy(session->store, subject->domid, &session->failure);
    else if (rc == 0 && reason >= 0 && destroy)
        rc = request_await_gone(subject, &choices->patience);
    if (rc == 0)
        say(choices, subject, destroy || reason < 0 ? "is gone" : "has shut down");
    return rc;
}

static int finish(struct subject *subject, const struct choices *choices)
{
    int rc = request_await_answer(subject, &choices->patience);

    if (rc == 0 && choices->wait)
        return see_it_go(subject, choices);
    if (rc == 0)
        say(choices, subject, "is shutting down");
    return rc;
}

static int ask(struct subject *subject)
{
    return domain_request(subject->session.store, subject->domid, "poweroff",
                          &subject->session.failure);
}

/* Each has a session of its own; none is given up because of another. */
static int shut_down(const struct command *command, char **words, size_t nr,
                     const struct choices *choices)
{
    struct subject *subjects = calloc(nr + 1, sizeof(*subjects));
    int *asked = calloc(nr + 1, sizeof(*asked));
    int worst = LAMINA_OK;

    if (!subjects || !asked)
        worst = command_complain(LAMINA_FAILED, "lamina shutdown", strerror(ENOMEM));
    for (size_t i = 0; subjects && asked && i < nr; i++) {
        int status = subject_open(&subjects[i], command, words[i]);

        asked[i] = status == LAMINA_OK;
        if (asked[i] && ask(&subjects[i]) != 0) {
            status = subject_end(&subjects[i], -EIO);
            asked[i] = 0;
        }
        worst = status > worst ? status : worst;
    }
    for (size_t i = 0; subjects && asked && i < nr; i++) {
        int status = asked[i] ? subject_end(&subjects[i], finish(&subjects[i], choices)) : 0;

        worst = status > worst ? status : worst;
    }
    free(subjects);
    free(asked);
    return worst;
}

static int shut_down_all(const struct command *command, const struct choices *choices)
{
    struct session session;
    struct domain_entry *list;
    size_t nr, nr_words = 0;
    int status = session_open(&session, command, SESSION_HOST | SESSION_STORE);

    if (status != LAMINA_OK)
        return status;
    if (domains_list(session.store, &list, &nr, &session.failure) != 0)
        return session_end(&session, session_fail(&session));
    char (*numbers)[12] = calloc(nr + 1, sizeof(*numbers));
    char **words = calloc(nr + 1, sizeof(*words));
    for (size_t i = 0; numbers && words && i < nr; i++) {
        unsigned flags = list[i].info.flags;

        if (list[i].info.domain == 0 || flags & (XEN_DOMINF_dying | XEN_DOMINF_shutdown))
            continue;
        snprintf(numbers[nr_words], sizeof(*numbers), "%u", list[i].info.domain);
        words[nr_words] = numbers[nr_words];
        nr_words++;
    }
    domains_free(list, nr);
    session_close(&session);
    if (!numbers || !words)
        status = command_complain(LAMINA_FAILED, "lamina shutdown", strerror(ENOMEM));
    else
        status = shut_down(command, words, nr_words, choices);
    free(numbers);
    free(words);
    return status;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct choices choices = { .all = false };
    uint64_t seconds;
    int option;

    while ((option = command_next_option(command, argc, argv)) >= 0) {
        choices.all |= option == OPTION_ALL;
        choices.wait |= option == OPTION_WAIT;
        choices.quiet |= option == OPTION_QUIET;
        if (option == OPTION_TIMEOUT) {
            if (value_read_number(optarg, TIMEOUT_MAX, &seconds) != 0)
                return command_usage_error(command, "expected seconds, found '%s'", optarg);
            request_set_patience(&choices.patience, seconds);
        }
    }
    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    if (choices.all == (optind < argc))
        return command_usage_error(command, "expected either domains or --all");
    interrupt_take();
    if (choices.all)
        return shut_down_all(command, &choices);
    return shut_down(command, argv + optind, (size_t)(argc - optind), &choices);
}

const struct command command_shutdown = {
    .name = "shutdown",
    .arguments = "[DOMAIN...]",
    .summary = "Ask domains to power off",
    .options = options,
    .run = run,
};
