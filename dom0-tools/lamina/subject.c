/* SPDX-License-Identifier: MIT */
/*
 * Subject: a session with one domain in it.
 */
#include "lamina/subject.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "domain/domain.h"

/* The name in use, or what the user called it if that cannot be told. */
static char *find_name(struct subject *subject, const char *word)
{
    struct domain_entry *list;
    struct failure ignored = { .kind = FAILURE_NONE };
    char *name = NULL;
    size_t nr;

    if (domains_list(subject->session.store, &list, &nr, &ignored) != 0)
        return strdup(word);
    for (size_t i = 0; !name && i < nr; i++) {
        if (list[i].info.domain == subject->domid)
            name = strdup(list[i].name);
    }
    domains_free(list, nr);
    return name ? name : strdup(word);
}

int subject_open(struct subject *subject, const struct command *command, const char *word)
{
    struct session *session = &subject->session;
    int status = session_open(session, command, SESSION_HOST | SESSION_STORE);

    if (status != LAMINA_OK)
        return status;
    if (domain_find(session->store, word, &subject->domid, &session->failure) != 0)
        return session_end(session, session_fail(session));
    subject->name = find_name(subject, word);
    return LAMINA_OK;
}

int subject_end(struct subject *subject, int rc)
{
    int status = rc == 0 ? LAMINA_OK : session_fail(&subject->session);

    free(subject->name);
    return session_end(&subject->session, status);
}

int subject_each(const struct command *command, char **words, int (*act)(struct subject *subject))
{
    int worst = LAMINA_OK;

    if (!*words)
        return command_usage_error(command, "expected a domain");
    for (; *words; words++) {
        struct subject subject;
        int status = subject_open(&subject, command, *words);

        if (status == LAMINA_OK)
            status = subject_end(&subject, act(&subject));
        worst = status > worst ? status : worst;
    }
    return worst;
}

int subject_arguments(const struct command *command, int argc, char **argv, int min, int max)
{
    int option = command_next_option(command, argc, argv);

    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? COMMAND_HELP_SHOWN : LAMINA_USAGE;
    if (argc - optind < min || argc - optind > max)
        return command_usage_error(command, "expected %s", command->arguments);
    return LAMINA_OK;
}
