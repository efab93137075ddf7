/* SPDX-License-Identifier: MIT */
/*
 * lamina create: makes a domain from a file, or from options, and starts it.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "common/daemon.h"
#include "domain/domain.h"
#include "lamina/console.h"
#include "lamina/create_options.h"
#include "lamina/interrupt.h"
#include "lamina/progress.h"
#include "lamina/session.h"

enum {
    OPTION_CONSOLE,
    OPTION_PAUSED,
    OPTION_DRY_RUN,
    OPTION_QUIET,
    OPTION_STRICT,
    OPTION_NAME,
    OPTION_KERNEL,
    OPTION_INITRD,
    OPTION_CMDLINE,
    OPTION_BOOTLOADER,
    OPTION_MEMORY,
    OPTION_VCPUS,
    OPTION_DISK,
    OPTION_NET,
};

static const struct command_option options[] = {
    [OPTION_CONSOLE] = { 'c', "console", NULL, "attach to its console; Ctrl-] leaves it" },
    [OPTION_PAUSED] = { 'p', "paused", NULL, "do not start it yet" },
    [OPTION_DRY_RUN] = { 'n', "dry-run", NULL, "check everything, create nothing" },
    [OPTION_QUIET] = { 'q', "quiet", NULL, "show errors only" },
    [OPTION_STRICT] = { 's', "strict", NULL, "take warnings about the file for errors" },
    [OPTION_NAME] = { 0, "name", "NAME", "without a file: its name" },
    [OPTION_KERNEL] = { 'k', "kernel", "FILE", "its kernel" },
    [OPTION_INITRD] = { 'i', "initrd", "FILE", "its initial RAM disk" },
    [OPTION_CMDLINE] = { 0, "cmdline", "TEXT", "arguments of its kernel" },
    [OPTION_BOOTLOADER] = { 'b', "bootloader", NULL, "instead of a kernel: GRUB from its disk" },
    [OPTION_MEMORY] = { 'm', "memory", "SIZE", "512MiB, 2G; no unit: KiB" },
    [OPTION_VCPUS] = { 0, "vcpus", "N", "how many (1)" },
    [OPTION_DISK] = { 'd', "disk", "SPEC", "PATH[,xvda][,ro]; may be repeated" },
    [OPTION_NET] = { 0, "net", "SPEC", "default or bridge=NAME,mac=...; may be repeated" },
    { .name = NULL },
};

struct choices {
    bool console;
    bool quiet;
    bool strict;
    struct domain_create_options create;
    struct create_options from;
};

static const char *read_choice(struct choices *choices, int option)
{
    struct create_options *from = &choices->from;

    switch (option) {
    case OPTION_CONSOLE: choices->console = true; break;
    case OPTION_PAUSED: choices->create.paused = true; break;
    case OPTION_DRY_RUN: choices->create.dry_run = true; break;
    case OPTION_QUIET: choices->quiet = true; break;
    case OPTION_STRICT: choices->strict = true; break;
    case OPTION_NAME: from->name = optarg; break;
    case OPTION_KERNEL: from->kernel = optarg; break;
    case OPTION_INITRD: from->initrd = optarg; break;
    case OPTION_CMDLINE: from->cmdline = optarg; break;
    case OPTION_BOOTLOADER: from->bootloader = true; break;
    case OPTION_MEMORY: from->memory = optarg; break;
    case OPTION_VCPUS: from->vcpus = optarg; break;
    case OPTION_DISK:
        if (from->nr_disks == CONFIG_DISKS_MAX)
            return "too many disks";
        from->disks[from->nr_disks++] = optarg;
        break;
    case OPTION_NET:
        if (from->nr_interfaces == CONFIG_INTERFACES_MAX)
            return "too many interfaces";
        from->interfaces[from->nr_interfaces++] = optarg;
        break;
    }
    return NULL;
}

static int read_file(const struct command *command, const char *path,
                     const struct choices *choices, struct domain_config *config)
{
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    struct config_report *report = calloc(1, sizeof(*report));

    if (!report)
        return command_complain(LAMINA_FAILED, command->name, strerror(ENOMEM));
    report->strict = choices->strict;
    int rc = domain_config_read(path, config, report);
    size_t nr_errors = report->nr_errors;
    if (!choices->quiet || nr_errors > 0)
        config_report_print(report, name, stderr);
    free(report);
    if (rc == 0)
        return LAMINA_OK;
    if (rc == -EINVAL && nr_errors > 0)
        return LAMINA_BAD_CONFIG;
    return command_complain(rc == -ENOMEM ? LAMINA_FAILED : LAMINA_FILE, name,
                            rc == -EFBIG ? "too big for a domain file" : strerror(-rc));
}

static void show_step(void *context, const char *step)
{
    progress_show("%s: %s", (const char *)context, step);
}

/* What will be missed later is told now. */
static void warn(const struct choices *choices, const struct domain_config *config)
{
    if (choices->quiet || choices->create.dry_run)
        return;
    if (!daemon_runs("laminad"))
        fprintf(stderr, "lamina create: warning: laminad does not run: nobody will act when %s"
                        " shuts down; see 'lamina check'\n", config->name);
    if (choices->console && !daemon_runs("lamina-consoled"))
        fprintf(stderr, "lamina create: warning: lamina-consoled does not run: there is no console"
                        " yet; see 'lamina check'\n");
}

static void tell(const struct choices *choices, const struct domain_config *config, unsigned domid)
{
    if (choices->quiet)
        return;
    if (choices->create.dry_run)
        printf("Domain %s could be created\n", config->name);
    else
        printf("Domain %s is %s, number %u\n", config->name,
               choices->create.paused ? "paused" : "running", domid);
}

static int create(const struct command *command, struct choices *choices,
                  struct domain_config *config)
{
    struct session session;
    unsigned domid;
    int status = session_open(&session, command, SESSION_HOST | SESSION_STORE);

    if (status != LAMINA_OK)
        return status;
    warn(choices, config);
    interrupt_take();
    choices->create.cancelled = interrupted;
    choices->create.progress = choices->quiet ? NULL : show_step;
    choices->create.context = config->name;
    int rc = domain_create(session.store, config, &choices->create, &domid, &session.failure);
    progress_clear();
    if (rc != 0)
        return session_end(&session, session_fail(&session));
    tell(choices, config, domid);
    fflush(stdout);
    if (choices->console && !choices->create.dry_run)
        status = console_attach(&session, domid, config->name);
    return session_end(&session, status);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct choices choices = { .console = false };
    int option;

    while ((option = command_next_option(command, argc, argv)) >= 0) {
        const char *wrong = read_choice(&choices, option);

        if (wrong)
            return command_usage_error(command, "%s", wrong);
    }
    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    if (argc - optind > 1)
        return command_usage_error(command, "expected one file");
    if (optind < argc && create_options_given(&choices.from))
        return command_usage_error(command, "expected either a file or options that describe it");
    struct domain_config *config = calloc(1, sizeof(*config));
    if (!config)
        return command_complain(LAMINA_FAILED, "lamina create", strerror(ENOMEM));
    int status = optind < argc ? read_file(command, argv[optind], &choices, config) :
                                 create_options_parse(command, &choices.from, config);
    if (status == LAMINA_OK)
        status = create(command, &choices, config);
    domain_config_free(config);
    free(config);
    return status;
}

const struct command command_create = {
    .name = "create",
    .arguments = "[FILE]",
    .summary = "Make and start a domain from its XML ('-': standard input) or from options",
    .options = options,
    .run = run,
};
