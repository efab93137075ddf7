/* SPDX-License-Identifier: MIT */
/*
 * Creation against fakes: it makes what the configuration says, and when any single call of it
 * fails, or its process dies there, nothing is left in the end.
 */
#include "../memory.h"
#include "../suite.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "domain/domain.h"
#include "domain/record.h"
#include "fakes.h"

static const char xml[] =
    "<domain type='xen'><name>hello</name><memory unit='MiB'>128</memory>"
    "<currentMemory unit='MiB'>64</currentMemory><vcpu current='2' cpuset='1-2'>3</vcpu>"
    "<cputune><shares>2048</shares><period>100000</period><quota>50000</quota>"
    "<vcpupin vcpu='1' cpuset='3'/></cputune>"
    "<os><type>xen</type><kernel>/kernel</kernel><cmdline>a b</cmdline></os>"
    "<clock offset='variable' adjustment='90'/>"
    "<devices><disk type='file'><source file='/disk'/><target dev='xvda'/></disk>"
    "<interface type='bridge'/></devices></domain>";

static struct domain_config config;
static struct failure failure;
static struct store_client *store;

static void read_config(const char *text)
{
    struct config_report report = { .strict = false };

    domain_config_free(&config);
    ck_assert_int_eq(domain_config_parse(text, strlen(text), &config, &report), 0);
}

static int create(unsigned *domid)
{
    const struct domain_create_options options = { .paused = false };

    memset(&failure, 0, sizeof(failure));
    return domain_create(store, &config, &options, domid, &failure);
}

static void setup(void)
{
    fakes_reset();
    ck_assert_int_eq(store_open(&store, 0), 0);
    read_config(xml);
}

static void teardown(void)
{
    domain_config_free(&config);
}

static const char *node(unsigned domid, const char *format)
{
    char path[128];
    const char *value;

    snprintf(path, sizeof(path), format, domid);
    value = fake_node(path);
    return value ? value : "(none)";
}

START_TEST(makes_what_is_written)
{
    unsigned domid;

    ck_assert_int_eq(create(&domid), 0);
    ck_assert_uint_eq(domid, 1);
    const struct fake_domain *d = fake_domain(1);
    ck_assert(d->used && !d->paused && d->introduced);
    ck_assert_uint_eq(d->nr_vcpus, 3);
    ck_assert_uint_eq(d->nr_devices, 2);
    ck_assert_uint_eq(d->pages, 64 * 256);
    ck_assert_uint_eq(d->memory_max_kib, 65 * 1024);
    ck_assert_uint_eq(d->affinity[0], 6);
    ck_assert_uint_eq(d->affinity[1], 8);
    ck_assert_uint_eq(d->affinity[2], 6);
    ck_assert_uint_eq(d->weight, 512);
    ck_assert_uint_eq(d->cap, 150);
    ck_assert_int_eq(d->time_offset, 90);
    ck_assert_str_eq(node(1, "/local/domain/%u/name"), "hello");
    ck_assert_str_eq(node(1, "/local/domain/%u/memory/static-max"), "131072");
    ck_assert_str_eq(node(1, "/local/domain/%u/memory/target"), "65536");
    ck_assert_str_eq(node(1, "/local/domain/%u/cpu/1/availability"), "online");
    ck_assert_str_eq(node(1, "/local/domain/%u/cpu/2/availability"), "offline");
    ck_assert_str_eq(node(1, "/local/domain/%u/console/ring-ref"), "1001");
    ck_assert_str_eq(node(1, "/local/domain/%u/store/port"), "1");
    ck_assert_str_eq(node(1, "/lamina/domain/%u/state"), "running");
    ck_assert_str_eq(node(1, "/lamina/domain/%u/builder"), "(none)");
}
END_TEST

START_TEST(keeps_its_configuration)
{
    struct domain_config current;
    unsigned domid;

    ck_assert_int_eq(create(&domid), 0);
    ck_assert_int_eq(domain_set_memory(store, domid, 96 << 10, &failure), 0);
    ck_assert_int_eq(domain_set_vcpus(store, domid, 1, &failure), 0);
    ck_assert_int_eq(domain_pin(store, domid, 0, 1, &failure), 0);
    ck_assert_int_eq(domain_rename(store, domid, "bye", &failure), 0);
    ck_assert_int_eq(domain_detach_disk(store, domid, "xvda", false, 0, &failure), 0);
    ck_assert_int_eq(domain_current_config(store, domid, &current, &failure), 0);
    ck_assert_str_eq(current.name, "bye");
    ck_assert_uint_eq(current.current_memory_kib, 96 << 10);
    ck_assert_uint_eq(current.memory_kib, 128 << 10);
    ck_assert_uint_eq(current.nr_vcpus, 1);
    ck_assert_uint_eq(current.cputune.affinity[0], 1);
    ck_assert_uint_eq(current.nr_disks, 0);
    ck_assert_uint_eq(current.nr_interfaces, 1);
    ck_assert(current.has_uuid && current.interfaces[0].has_mac);
    ck_assert_int_eq(memcmp(current.interfaces[0].mac, config.interfaces[0].mac, 6), 0);
    domain_config_free(&current);
}
END_TEST

START_TEST(refuses_beyond_its_size)
{
    unsigned domid;

    ck_assert_int_eq(create(&domid), 0);
    ck_assert_int_eq(domain_set_memory(store, domid, 129 << 10, &failure), -EINVAL);
    failure.kind = FAILURE_NONE;
    ck_assert_int_eq(domain_set_vcpus(store, domid, 4, &failure), -EINVAL);
    failure.kind = FAILURE_NONE;
    ck_assert_int_eq(domain_set_vcpus(store, domid, 0, &failure), -EINVAL);
    ck_assert_str_eq(node(1, "/local/domain/%u/memory/target"), "65536");
}
END_TEST

/* Which nobody made, and without which nothing goes on. */
START_TEST(control_domain_keeps_what_it_needs)
{
    ck_assert_int_eq(domain_set_memory(store, 0, 0, &failure), -EINVAL);
    ck_assert_str_eq(failure.text, "domain 0: it needs at least 128 MiB");
    failure.kind = FAILURE_NONE;
    ck_assert_int_eq(domain_set_memory(store, 0, (2u << 20) + 1, &failure), -EINVAL);
    ck_assert_str_eq(failure.text, "domain 0: the machine has 2048 MiB");
    failure.kind = FAILURE_NONE;
    ck_assert_int_eq(domain_rename(store, 0, "zero", &failure), -EINVAL);
    failure.kind = FAILURE_NONE;
    ck_assert_int_eq(domain_attach_disk(store, 0, &config.disks[0], &failure), -EINVAL);
    failure.kind = FAILURE_NONE;
    ck_assert_int_eq(domain_detach_disk(store, 0, "xvda", true, 0, &failure), -EINVAL);
}
END_TEST

START_TEST(dry_run_makes_nothing)
{
    const struct domain_create_options options = { .dry_run = true };
    char *before = strdup(fakes_snapshot());
    unsigned domid;

    ck_assert_int_eq(domain_create(store, &config, &options, &domid, &failure), 0);
    ck_assert_str_eq(fakes_snapshot(), before);
    free(before);
}
END_TEST

/* After the last number comes the first that is free. */
START_TEST(numbers_begin_again)
{
    const unsigned wanted[] = { 1022, 1023, 1, 4 };
    unsigned domid;

    fake_domain(2)->used = true; /* another tool's */
    fake_node_set("/lamina/domain/3/state", "running"); /* gone but for its record */
    fake_node_set("/lamina/last-domain", "1021");
    for (unsigned i = 0; i < 4; i++) {
        read_config(xml);
        free(config.name);
        config.name = strdup((const char *[]){ "a", "b", "c", "d" }[i]);
        ck_assert_msg(create(&domid) == 0, "%s", failure.text);
        ck_assert_uint_eq(domid, wanted[i]);
    }
}
END_TEST

START_TEST(names_are_unique)
{
    unsigned domid;

    ck_assert_int_eq(create(&domid), 0);
    char *before = strdup(fakes_snapshot());
    read_config(xml);
    ck_assert_int_eq(create(&domid), -EEXIST);
    ck_assert_int_eq(strncmp(failure.text, "the name hello is taken by domain 1", 35), 0);
    ck_assert_int_eq(failure.kind, FAILURE_CONFIG);
    ck_assert_str_eq(fakes_snapshot(), before);
    free(before);
}
END_TEST

/* What cannot be read for lack of memory is not taken for free. */
START_TEST(names_are_unique_without_memory)
{
    unsigned domid;
    bool failed = true;

    ck_assert_int_eq(create(&domid), 0);
    char *before = strdup(fakes_snapshot());
    for (unsigned at = 1; failed; at++) {
        read_config(xml);
        memory_fail(at);
        int rc = create(&domid);
        failed = memory_failed();
        ck_assert_msg(rc == -EEXIST || (failed && rc == -ENOMEM), "allocation %u: %d", at, rc);
        ck_assert_str_eq(fakes_snapshot(), before);
    }
    free(before);
}
END_TEST

START_TEST(uuids_are_unique)
{
    uint8_t uuid[16];
    unsigned domid;

    ck_assert_int_eq(create(&domid), 0);
    memcpy(uuid, config.uuid, sizeof(uuid));
    read_config(xml);
    memcpy(config.uuid, uuid, sizeof(uuid));
    config.has_uuid = true;
    free(config.name);
    config.name = strdup("other");
    ck_assert_int_eq(create(&domid), -EEXIST);
    ck_assert_int_eq(strncmp(failure.text, "the uuid ", 9), 0);
}
END_TEST

START_TEST(finds_by_everything)
{
    unsigned domid, found;

    ck_assert_int_eq(create(&domid), 0);
    char *uuid;
    ck_assert_int_eq(record_get(store, domid, "uuid", &uuid), 0);
    const char *const words[] = { "1", "hello", uuid };
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(domain_find(store, words[i], &found, &failure), 0);
        ck_assert_uint_eq(found, 1);
    }
    free(uuid);
    ck_assert_int_eq(domain_find(store, "Domain-0", &found, &failure), 0);
    ck_assert_uint_eq(found, 0);
    ck_assert_int_eq(domain_find(store, "2", &found, &failure), -ENOENT);
    ck_assert_int_eq(domain_find(store, "99999999999", &found, &failure), -ENOENT);
    ck_assert_int_eq(domain_find(store, "helloo", &found, &failure), -ENOENT);
}
END_TEST

START_TEST(every_failure_is_undone)
{
    char *before = strdup(fakes_snapshot());
    unsigned domid, call = 1;

    for (;; call++) {
        read_config(xml);
        fakes_inject(FAKE_FAIL, call);
        int rc = create(&domid);

        if (!fakes_injected())
            break;
        ck_assert_msg(rc != 0 && failure.kind != FAILURE_NONE, "call %u failed unseen", call);
        ck_assert_msg(strcmp(fakes_snapshot(), before) == 0, "after call %u: %s\n%s", call,
                      failure.text, fakes_snapshot());
    }
    /* Checks, record, hypervisor, some sixty nodes, devices, start. */
    ck_assert_uint_gt(call, 60);
    free(before);
}
END_TEST

/*
 * Each allocation fails in turn. A creation that fails leaves nothing; one that did not need what
 * it could not have made all of the domain.
 */
START_TEST(every_lack_of_memory_is_undone)
{
    char *before = strdup(fakes_snapshot());
    unsigned domid, at = 1, nr_refused = 0;

    for (;; at++) {
        read_config(xml);
        memory_fail(at);
        int rc = create(&domid);

        if (!memory_failed())
            break;
        if (rc == 0) {
            ck_assert_str_eq(node(domid, "/lamina/domain/%u/state"), "running");
            ck_assert_int_eq(domain_destroy(store, domid, &failure), 0);
        }
        nr_refused += rc != 0;
        ck_assert_msg(strcmp(fakes_snapshot(), before) == 0, "after allocation %u: %s\n%s", at,
                      failure.text, fakes_snapshot());
    }
    ck_assert_uint_gt(nr_refused, 3);
    free(before);
}
END_TEST

START_TEST(every_death_is_cleaned_up)
{
    char *before = strdup(fakes_snapshot());
    unsigned domid, call = 1;

    for (;; call++) {
        read_config(xml);
        fakes_inject(FAKE_DIE, call);
        pid_t child = fork();
        if (child == 0) {
            create(&domid);
            _exit(1);
        }
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        if (!fakes_injected())
            break;
        fakes_inject(FAKE_PASS, 0);
        /* By name, as a user would, once there is anything to find. */
        memset(&failure, 0, sizeof(failure));
        int rc = domain_find(store, "hello", &domid, &failure);
        if (rc == 0)
            rc = domain_destroy(store, domid, &failure);
        ck_assert_msg(rc == 0 || rc == -ENOENT, "after call %u: %s", call, failure.text);
        ck_assert_msg(strcmp(fakes_snapshot(), before) == 0, "after call %u:\n%s", call,
                      fakes_snapshot());
    }
    ck_assert_uint_gt(call, 60);
    free(before);
}
END_TEST

/* Its builder holds the lock and waits for what does not come. */
START_TEST(destroy_does_not_wait_for_a_builder)
{
    char *before = strdup(fakes_snapshot()), byte;
    unsigned domid;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    fakes_tell(ends[1]);
    fakes_inject(FAKE_HANG, 60);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGTERM, SIG_DFL);
        create(&domid);
        _exit(1);
    }
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    fakes_inject(FAKE_PASS, 0);
    ck_assert_int_eq(domain_destroy(store, 1, &failure), 0);
    ck_assert_str_eq(fakes_snapshot(), before);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    free(before);
}
END_TEST

START_TEST(the_next_creation_cleans_up)
{
    unsigned domid;

    fakes_inject(FAKE_DIE, 40);
    pid_t child = fork();
    if (child == 0) {
        create(&domid);
        _exit(1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(fakes_injected());
    fakes_inject(FAKE_PASS, 0);
    ck_assert_int_eq(create(&domid), 0);
    ck_assert_uint_eq(domid, 2);
    ck_assert_str_eq(node(1, "/lamina/domain/%u/state"), "(none)");
    ck_assert(!fake_domain(1)->used);
}
END_TEST

static volatile sig_atomic_t cancelled;

static void cancel_at(void *context, const char *step)
{
    unsigned *left = context;

    (void)step;
    if (--*left == 0)
        cancelled = 1;
}

START_TEST(interrupts_are_undone)
{
    char *before = strdup(fakes_snapshot());
    unsigned domid, nr = 1;
    int rc;

    do {
        unsigned left = nr++;
        const struct domain_create_options options = { .progress = cancel_at,
                                                       .context = &left,
                                                       .cancelled = &cancelled };

        cancelled = 0;
        read_config(xml);
        memset(&failure, 0, sizeof(failure));
        rc = domain_create(store, &config, &options, &domid, &failure);
        if (rc != 0) {
            ck_assert_int_eq(rc, -EINTR);
            ck_assert_str_eq(fakes_snapshot(), before);
        }
    } while (rc != 0);
    /* A signal during the last step comes too late. */
    ck_assert_uint_gt(nr, 10);
    free(before);
}
END_TEST

START_TEST(destroy_takes_everything)
{
    char *before = strdup(fakes_snapshot());
    unsigned domid;

    ck_assert_int_eq(create(&domid), 0);
    ck_assert_int_eq(domain_destroy(store, domid, &failure), 0);
    ck_assert_str_eq(fakes_snapshot(), before);
    ck_assert_int_eq(domain_destroy(store, domid, &failure), -ENOENT);
    memset(&failure, 0, sizeof(failure));
    ck_assert_int_eq(domain_destroy(store, 0, &failure), -EINVAL);
    free(before);
}
END_TEST

START_TEST(reap_leaves_the_living)
{
    unsigned domid;

    ck_assert_int_eq(create(&domid), 0);
    ck_assert_int_eq(domain_reap(store, domid, &failure), -EBUSY);
    fake_domain(domid)->used = false;
    memset(&failure, 0, sizeof(failure));
    ck_assert_int_eq(domain_reap(store, domid, &failure), 0);
    ck_assert_str_eq(node(1, "/lamina/domain/%u/state"), "(none)");
    ck_assert_int_eq(domain_reap(store, domid, &failure), -ENOENT);
}
END_TEST

START_TEST(builders_are_told_apart)
{
    char mine[BUILDER_TEXT_SIZE], other[BUILDER_TEXT_SIZE + 4];

    ck_assert_int_eq(builder_describe(getpid(), mine), 0);
    ck_assert(builder_lives(mine));
    snprintf(other, sizeof(other), "%s1", mine);
    ck_assert(!builder_lives(other));
    ck_assert(!builder_lives("x"));
    ck_assert(!builder_lives(""));
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    siginfo_t info;
    ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    /* Dead, but not yet buried. */
    ck_assert_int_eq(builder_describe(child, mine), -ESRCH);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("create");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, makes_what_is_written);
    tcase_add_test(tcase, keeps_its_configuration);
    tcase_add_test(tcase, refuses_beyond_its_size);
    tcase_add_test(tcase, control_domain_keeps_what_it_needs);
    tcase_add_test(tcase, dry_run_makes_nothing);
    tcase_add_test(tcase, numbers_begin_again);
    tcase_add_test(tcase, names_are_unique);
    tcase_add_test(tcase, names_are_unique_without_memory);
    tcase_add_test(tcase, uuids_are_unique);
    tcase_add_test(tcase, finds_by_everything);
    tcase_add_test(tcase, every_failure_is_undone);
    tcase_add_test(tcase, every_lack_of_memory_is_undone);
    tcase_add_test(tcase, every_death_is_cleaned_up);
    tcase_add_test(tcase, destroy_does_not_wait_for_a_builder);
    tcase_add_test(tcase, the_next_creation_cleans_up);
    tcase_add_test(tcase, interrupts_are_undone);
    tcase_add_test(tcase, destroy_takes_everything);
    tcase_add_test(tcase, reap_leaves_the_living);
    tcase_add_test(tcase, builders_are_told_apart);

    Suite *suite = suite_create("create");
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
