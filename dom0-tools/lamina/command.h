/* SPDX-License-Identifier: MIT */
/*
 * Command: one subcommand of lamina, one file each. The table in command.c is the list of them all;
 * help and the shell completion are made from it.
 */
#ifndef LAMINA_COMMAND_H
#define LAMINA_COMMAND_H

#include <stddef.h>
#include <stdio.h>

/* What lamina answers to the shell; the manual page lists the same. */
enum lamina_exit {
    LAMINA_OK = 0,
    LAMINA_FAILED = 1,     /* the operation was refused or did not succeed */
    LAMINA_USAGE = 2,      /* the command line is wrong; nothing was done */
    LAMINA_FILE = 3,       /* a file could not be read or written */
    LAMINA_BAD_CONFIG = 4, /* a domain file is wrong; nothing was done */
};

struct command_option {
    char letter; /* or 0 */
    const char *name;
    const char *argument; /* what follows the option, as help shows it, or NULL */
    const char *help;
};

#define COMMAND_OPTIONS_MAX 24u

struct command {
    const char *name;
    const char *arguments; /* as help shows them, without the options */
    const char *summary;
    const struct command_option *options; /* ends with a row without name; or NULL */
    int (*run)(const struct command *command, int argc, char **argv);
};

extern const struct command command_create;
extern const struct command command_destroy;
extern const struct command command_shutdown;
extern const struct command command_reboot;
extern const struct command command_pause;
extern const struct command command_unpause;
extern const struct command command_console;
extern const struct command command_list;
extern const struct command command_info;
extern const struct command command_dominfo;
extern const struct command command_dmesg;
extern const struct command command_top;
extern const struct command command_vcpu_list;
extern const struct command command_vcpu_pin;
extern const struct command command_set_vcpus;
extern const struct command command_set_memory;
extern const struct command command_domid;
extern const struct command command_domname;
extern const struct command command_rename;
extern const struct command command_dumpxml;
extern const struct command command_validate;
extern const struct command command_disk_list;
extern const struct command command_disk_attach;
extern const struct command command_disk_detach;
extern const struct command command_net_list;
extern const struct command command_net_attach;
extern const struct command command_net_detach;
extern const struct command command_sysrq;
extern const struct command command_debug_keys;
extern const struct command command_store;
extern const struct command command_check;
extern const struct command command_version;
extern const struct command command_help;
extern const struct command command_help;
extern const struct command command_info;
extern const struct command command_list;
extern const struct command command_net_list;
extern const struct command command_store;
extern const struct command command_top;
extern const struct command command_validate;
extern const struct command command_vcpu_list;
extern const struct command command_version;

/* All commands, in the order of help; NULL at the end. */
extern const struct command *const commands[];

/* The command of that name, or NULL. */
const struct command *command_find(const char *name);

/* What command_next_option() returns besides an index in the command's table. */
enum { COMMAND_OPTIONS_END = -1, COMMAND_OPTION_BAD = -2, COMMAND_HELP_SHOWN = -3 };

/*
 * The next option on the command line: its index in the table, or one of the above: at the end
 * optind is the first argument, a bad option has been told. An option's argument is in optarg.
 */
int command_next_option(const struct command *command, int argc, char **argv);

/* Says what is wrong with the command line and where help is; returns LAMINA_USAGE. */
int command_usage_error(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One line about the file on standard error; returns status. */
int command_complain(int status, const char *file, const char *why);

/* Flushes standard output; a full disk or a closed pipe is told. Returns status or LAMINA_FILE. */
int command_finish_output(int status);

void command_print_help(const struct command *command, FILE *stream);

#endif
