/* SPDX-License-Identifier: MIT */
/*
 * lamina info: the machine and its hypervisor.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/utsname.h>

#include "lamina/machine.h"
#include "lamina/session.h"
#include "lamina/table.h"

enum { OPTION_JSON };

static const struct command_option options[] = {
    [OPTION_JSON] = { 'j', "json", NULL, "print JSON" },
    { .name = NULL },
};

enum column {
    HOST,
    KERNEL,
    ARCHITECTURE,
    NR_CPUS,
    NR_NODES,
    CORES,
    THREADS,
    CPU_MHZ,
    CPU_KHZ,
    HW_CAPS,
    VIRT_CAPS,
    TOTAL_MIB,
    TOTAL_KIB,
    FREE_MIB,
    FREE_KIB,
    OUTSTANDING_KIB,
    VERSION,
    XEN_CAPS,
    SCHEDULER,
    PAGE_SIZE,
    VIRT_START,
    CHANGESET,
    COMMANDLINE,
    COMPILER,
    COMPILE_DATE,
};

/* The headings are those of xl. */
static const struct table_column columns[] = {
    [HOST] = { "host", "host", TABLE_TEXT },
    [KERNEL] = { "kernel", "release", TABLE_TEXT },
    [ARCHITECTURE] = { "architecture", "machine", TABLE_TEXT },
    [NR_CPUS] = { "cpus", "nr_cpus", TABLE_NUMBER },
    [NR_NODES] = { "nodes", "nr_nodes", TABLE_NUMBER },
    [CORES] = { "cores_per_socket", "cores_per_socket", TABLE_NUMBER },
    [THREADS] = { "threads_per_core", "threads_per_core", TABLE_NUMBER },
    [CPU_MHZ] = { NULL, "cpu_mhz", TABLE_NUMBER },
    [CPU_KHZ] = { "cpu_khz", NULL, TABLE_NUMBER },
    [HW_CAPS] = { "hw_caps", "hw_caps", TABLE_TEXT },
    [VIRT_CAPS] = { "virt_caps", "virt_caps", TABLE_TEXT },
    [TOTAL_MIB] = { NULL, "total_memory", TABLE_NUMBER },
    [TOTAL_KIB] = { "total_memory_kib", NULL, TABLE_NUMBER },
    [FREE_MIB] = { NULL, "free_memory", TABLE_NUMBER },
    [FREE_KIB] = { "free_memory_kib", NULL, TABLE_NUMBER },
    [OUTSTANDING_KIB] = { "outstanding_claims_kib", NULL, TABLE_NUMBER },
    [VERSION] = { "hypervisor_version", "xen_version", TABLE_TEXT },
    [XEN_CAPS] = { "hypervisor_capabilities", "xen_caps", TABLE_TEXT },
    [SCHEDULER] = { "scheduler", "xen_scheduler", TABLE_TEXT },
    [PAGE_SIZE] = { "page_size", "xen_pagesize", TABLE_NUMBER },
    [VIRT_START] = { "virt_start", "virt_start", TABLE_TEXT },
    [CHANGESET] = { "changeset", "xen_changeset", TABLE_TEXT },
    [COMMANDLINE] = { "commandline", "xen_commandline", TABLE_TEXT },
    [COMPILER] = { "compiler", "cc_compiler", TABLE_TEXT },
    [COMPILE_DATE] = { "compile_date", "cc_compile_date", TABLE_TEXT },
    { NULL, NULL, TABLE_TEXT },
};

static void set_host(struct table *table)
{
    struct utsname host;

    if (uname(&host) != 0)
        return;
    table_set(table, HOST, "%s", host.nodename);
    table_set(table, KERNEL, "%s", host.release);
    table_set(table, ARCHITECTURE, "%s", host.machine);
}

static void set_capabilities(struct table *table, const struct xen_sysctl_physinfo *machine)
{
    static const char *const names[] = { "hvm", "pv", "hvm_directio", "hap", "shadow" };
    const uint32_t *w = machine->hw_cap;
    char text[80] = "";
    size_t length = 0;

    table_set(table, HW_CAPS, "%08x:%08x:%08x:%08x:%08x:%08x:%08x:%08x", w[0], w[1], w[2], w[3],
              w[4], w[5], w[6], w[7]);
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (machine->capabilities >> i & 1)
            length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
                                       length > 0 ? " " : "", names[i]);
    }
    table_set(table, VIRT_CAPS, "%s", text);
}

static uint64_t kib(const struct machine_version *info, uint64_t pages)
{
    return pages * (info->page_size / 1024);
}

static void set_machine(struct table *table, const struct machine_version *info,
                        const struct xen_sysctl_physinfo *machine)
{
    table_set_number(table, NR_CPUS, machine->nr_cpus);
    table_set_number(table, NR_NODES, machine->nr_nodes);
    table_set_number(table, CORES, machine->cores_per_socket);
    table_set_number(table, THREADS, machine->threads_per_core);
    table_set(table, CPU_MHZ, "%u.%03u", machine->cpu_khz / 1000, machine->cpu_khz % 1000);
    table_set_number(table, CPU_KHZ, machine->cpu_khz);
    set_capabilities(table, machine);
    table_set_number(table, TOTAL_MIB, kib(info, machine->total_pages) / 1024);
    table_set_number(table, TOTAL_KIB, kib(info, machine->total_pages));
    table_set_number(table, FREE_MIB, kib(info, machine->free_pages) / 1024);
    table_set_number(table, FREE_KIB, kib(info, machine->free_pages));
    table_set_number(table, OUTSTANDING_KIB, kib(info, machine->outstanding_pages));
}

static void set_hypervisor(struct table *table, const struct machine_version *info,
                           uint32_t scheduler)
{
    table_set(table, VERSION, "%u.%u%s", info->major, info->minor, info->extra);
    table_set(table, XEN_CAPS, "%s", info->capabilities);
    table_set(table, SCHEDULER, "%s", machine_scheduler_name(scheduler));
    table_set_number(table, PAGE_SIZE, info->page_size);
    table_set(table, VIRT_START, "0x%llx", (unsigned long long)info->virt_start);
    table_set(table, CHANGESET, "%s", info->changeset);
    table_set(table, COMMANDLINE, "%s", info->commandline);
    table_set(table, COMPILER, "%s", info->compiled.compiler);
    table_set(table, COMPILE_DATE, "%s", info->compiled.compile_date);
}

static int print_info(struct session *session, enum table_form form)
{
    struct machine_version info;
    struct xen_sysctl_physinfo machine;
    uint32_t scheduler;

    if (machine_read_version(&info, &session->failure) != 0 ||
        machine_read_physical(&machine, &scheduler, &session->failure) != 0)
        return session_fail(session);
    struct table *table = table_new("machine", columns, form);
    table_add_row(table);
    set_host(table);
    set_machine(table, &info, &machine);
    set_hypervisor(table, &info, scheduler);
    return table_print(table);
}

static int run(const struct command *command, int argc, char **argv)
{
    enum table_form form = TABLE_RECORD;
    struct session session;
    int option;

    while ((option = command_next_option(command, argc, argv)) >= 0)
        form = TABLE_JSON;
    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    if (argc != optind)
        return command_usage_error(command, "expected no argument, found '%s'", argv[optind]);
    int status = session_open(&session, command, SESSION_HOST);
    if (status != LAMINA_OK)
        return status;
    return session_end(&session, print_info(&session, form));
}

const struct command command_info = {
    .name = "info",
    .arguments = "",
    .summary = "Tell about the machine and its hypervisor",
    .options = options,
    .run = run,
};
