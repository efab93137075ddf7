/* SPDX-License-Identifier: MIT */
/*
 * lamina version: which Lamina these tools belong to, and on what they run. The kernel tells the
 * latter to everybody, so nobody needs to be root.
 */
#include <getopt.h>
#include <stdbool.h>
#include <string.h>

#include "lamina/command.h"
#include "lamina/text.h"

#define TEXT_MAX 64u

/* The first line of a small file; false: there is none. */
static bool read_line(const char *path, char text[TEXT_MAX])
{
    FILE *file = fopen(path, "re");
    bool good = file && fgets(text, (int)TEXT_MAX, file);

    if (file)
        fclose(file);
    if (good)
        text[strcspn(text, "\n")] = '\0';
    return good;
}

static void print_hypervisor(void)
{
    char type[TEXT_MAX], major[TEXT_MAX], minor[TEXT_MAX], extra[TEXT_MAX], line[3 * TEXT_MAX];

    if (!read_line("/sys/hypervisor/type", type) ||
        !read_line("/sys/hypervisor/version/major", major) ||
        !read_line("/sys/hypervisor/version/minor", minor))
        return;
    if (!read_line("/sys/hypervisor/version/extra", extra))
        extra[0] = '\0';
    int length = snprintf(line, sizeof(line), "%s.%s%s", major, minor, extra);
    printf("hypervisor (%s interface) ", type);
    text_print_plain(stdout, line, (size_t)length);
    putchar('\n');
}

static int run(const struct command *command, int argc, char **argv)
{
    int option = command_next_option(command, argc, argv);

    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    if (optind != argc)
        return command_usage_error(command, "expected no argument, found '%s'", argv[optind]);
    printf("lamina (Lamina) %s\n", LAMINA_VERSION);
    print_hypervisor();
    return LAMINA_OK;
}

const struct command command_version = {
    .name = "version",
    .arguments = "",
    .summary = "Print the version of these tools, and of the hypervisor they run on",
    .run = run,
};
