/* SPDX-License-Identifier: MIT */
/* boot/options.c: Xen's forms, what is ignored on purpose, and what is complained about. */
#include "../suite.h"

#include <check.h>
#include <string.h>

#include "boot/boot.h"
#include "sys/log.h"

static char complaints[512];

static void note(const char *word, const char *what)
{
    (void)what;
    strncat(complaints, word, sizeof(complaints) - strlen(complaints) - 2);
    strcat(complaints, " ");
}

static struct boot_options parse(const char *line)
{
    struct boot_options o;

    complaints[0] = 0;
    boot_options_parse(line, &o, note);
    return o;
}

START_TEST(usual_line)
{
    struct boot_options o = parse("placeholder console=com1,vga com1=38400,8n1,0x2f8 noreboot "
                                  "dom0_mem=1G,max:2048M loglvl=all guest_loglvl=none/error "
                                  "dom0_max_vcpus=1-4 maxcpus=2 sched=credit2 no-real-mode "
                                  "edd=off");

    ck_assert_str_eq(complaints, "");
    ck_assert(o.console_com1 && o.noreboot);
    ck_assert_uint_eq(o.com1_port, 0x2f8);
    ck_assert_uint_eq(o.com1_baud, 38400);
    ck_assert_uint_eq(o.dom0_mem_frames, 0x40000);
    ck_assert_uint_eq(o.dom0_mem_max, 0x80000);
    ck_assert_uint_eq(o.dom0_mem_min, 0);
    ck_assert_uint_eq(o.dom0_max_vcpus, 4);
    ck_assert_uint_eq(o.maxcpus, 2);
    ck_assert_int_eq(o.loglvl, LOG_DEBUG);
    ck_assert_int_eq(o.guest_loglvl, -1);
}
END_TEST

START_TEST(sizes)
{
    ck_assert_uint_eq(parse("dom0_mem=4096").dom0_mem_frames, 1024); /* KiB without a unit */
    ck_assert_uint_eq(parse("dom0_mem=8192b").dom0_mem_frames, 2);
    ck_assert_int_eq((int64_t)parse("dom0_mem=-1m").dom0_mem_frames, -256);
    ck_assert_uint_eq(parse("dom0_mem=min:2M,16M").dom0_mem_frames, 4096);
}
END_TEST

START_TEST(malformed_and_unknown)
{
    struct boot_options o = parse("dom0_mem=1Q foo maxcpus=x  com1=0 bar=1 console=serial "
                                  "dom0_mem");

    ck_assert_str_eq(complaints, "dom0_mem foo maxcpus com1 bar console dom0_mem ");
    ck_assert(o.console_com1); /* a malformed option changes nothing */
    ck_assert_uint_eq(o.maxcpus, 0);
    ck_assert_uint_eq(o.dom0_mem_frames, 0);
    ck_assert_uint_eq(o.com1_baud, 115200);
    parse("dom0_mem=99999999999999999999999G");
    ck_assert_str_eq(complaints, "dom0_mem ");
}
END_TEST

START_TEST(long_word)
{
    char line[300];

    memset(line, 'a', sizeof(line) - 1);
    line[sizeof(line) - 1] = 0;
    parse(line);
    ck_assert_uint_gt(strlen(complaints), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("boot/options");
    TCase *t = tcase_create("options");

    tcase_add_test(t, usual_line);
    tcase_add_test(t, sizes);
    tcase_add_test(t, malformed_and_unknown);
    tcase_add_test(t, long_word);
    suite_add_tcase(s, t);
    return suite_run(s);
}
