/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer of the reader of domain files. Whatever the bytes: refusing them says why, and what is
 * taken survives being written and read, with the same normal form. Grown from the samples.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/domain_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct domain_config config;

static void require(bool truth)
{
    if (!truth)
        abort();
}

static char *normal_form(const char *xml, size_t size, bool must_be_good)
{
    struct config_report report = { .strict = false };
    char *text = NULL;
    int rc = domain_config_parse(xml, size, &config, &report);

    require((rc == 0) == (report.nr_errors == 0 && size <= CONFIG_FILE_MAX));
    require(rc == 0 || !must_be_good);
    if (rc == 0) {
        text = domain_config_write(&config);
        require(text != NULL);
    }
    domain_config_free(&config);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *first = normal_form((const char *)data, size, false);

    if (!first)
        return 0;
    char *second = normal_form(first, strlen(first), true);
    require(strcmp(first, second) == 0);
    free(first);
    free(second);
    return 0;
}
