/* SPDX-License-Identifier: MIT */
/*
 * lamina vcpu-list: the vCPUs of domains, where they are and where they may run.
 */
#include <errno.h>
#include <getopt.h>

#include "lamina/describe.h"
#include "lamina/machine.h"
#include "lamina/pick.h"
#include "lamina/table.h"

enum { OPTION_JSON };

static const struct command_option options[] = {
    [OPTION_JSON] = { 'j', "json", NULL, "print JSON" },
    { .name = NULL },
};

enum column { NAME, ID, VCPU, CPU, STATE, WORD, TIME_S, TIME_NS, HARD, SOFT };

static const struct table_column columns[] = {
    [NAME] = { "name", "Name", TABLE_TEXT },
    [ID] = { "id", "ID", TABLE_NUMBER },
    [VCPU] = { "vcpu", "VCPU", TABLE_NUMBER },
    [CPU] = { "cpu", "CPU", TABLE_NUMBER },
    [STATE] = { NULL, "State", TABLE_TEXT },
    [WORD] = { "state", NULL, TABLE_TEXT },
    [TIME_S] = { NULL, "Time(s)", TABLE_NUMBER },
    [TIME_NS] = { "cpu_time_ns", NULL, TABLE_NUMBER },
    [HARD] = { "hard_affinity", "Hard", TABLE_TEXT },
    [SOFT] = { "soft_affinity", "Soft", TABLE_TEXT },
    { NULL, NULL, TABLE_TEXT },
};

static const char *state_word(const struct vcpu_state *state)
{
    if (!state->online)
        return "offline";
    if (state->running)
        return "running";
    return state->blocked ? "blocked" : "ready";
}

static void add_vcpu(struct table *table, const struct domain_entry *entry, unsigned vcpu,
                     const struct vcpu_state *state, unsigned nr_cpus)
{
    char cpus[DESCRIBE_CPUS_SIZE];
    bool ran = state->cpu_time_ns > 0;

    table_add_row(table);
    table_set(table, NAME, "%s", entry->name);
    table_set_number(table, ID, entry->info.domain);
    table_set_number(table, VCPU, vcpu);
    if (ran)
        table_set_number(table, CPU, state->cpu);
    table_set(table, STATE, "%c%c%c", state->running ? 'r' : '-', state->blocked ? 'b' : '-',
              state->online ? '-' : 'p');
    table_set(table, WORD, "%s", state_word(state));
    table_set(table, TIME_S, "%.1f", (double)state->cpu_time_ns / 1e9);
    table_set_number(table, TIME_NS, state->cpu_time_ns);
    describe_cpus(state->hard, nr_cpus, cpus);
    table_set(table, HARD, "%s", cpus);
    describe_cpus(state->soft, nr_cpus, cpus);
    table_set(table, SOFT, "%s", cpus);
}

/* A domain that goes away meanwhile has no more vCPUs; that is no error of the listing. */
static int add_domain(struct session *session, struct table *table,
                      const struct domain_entry *entry, unsigned nr_cpus)
{
    struct vcpu_state state;

    for (unsigned vcpu = 0; vcpu <= entry->info.max_vcpu_id; vcpu++) {
        int rc = machine_read_vcpu(entry->info.domain, vcpu, &state, &session->failure);

        if (rc == -ENOENT)
            return LAMINA_OK;
        if (rc != 0)
            return session_fail(session);
        add_vcpu(table, entry, vcpu, &state, nr_cpus);
    }
    return LAMINA_OK;
}

static int print_vcpus(struct session *session, const struct pick *pick, enum table_form form)
{
    struct xen_sysctl_physinfo machine;
    uint32_t scheduler;

    if (machine_read_physical(&machine, &scheduler, &session->failure) != 0)
        return session_fail(session);
    struct table *table = table_new("vcpus", columns, form);
    int status = LAMINA_OK;
    for (size_t i = 0; status == LAMINA_OK && i < pick->nr; i++)
        status = add_domain(session, table, pick->picked[i], machine.nr_cpus);
    if (status == LAMINA_OK)
        return table_print(table);
    table_free(table);
    return status;
}

static int run(const struct command *command, int argc, char **argv)
{
    enum table_form form = TABLE_ROWS;
    struct session session;
    struct pick pick;
    int option;

    while ((option = command_next_option(command, argc, argv)) >= 0)
        form = TABLE_JSON;
    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    unsigned store = argv[optind] ? SESSION_STORE : SESSION_STORE_MAY;
    int status = session_open(&session, command, SESSION_HOST | store);
    if (status != LAMINA_OK)
        return status;
    status = pick_domains(&session, argv + optind, &pick);
    if (status == LAMINA_OK) {
        status = print_vcpus(&session, &pick, form);
        pick_free(&pick);
    }
    return session_end(&session, status);
}

const struct command command_vcpu_list = {
    .name = "vcpu-list",
    .arguments = "[DOMAIN]...",
    .summary = "List the vCPUs of all domains, or of those named",
    .options = options,
    .run = run,
};
