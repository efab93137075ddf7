/* SPDX-License-Identifier: MIT */
/*
 * laminad when memory runs out: the whole daemon but for its start, with real children, against the
 * fakes of the domain library. Each allocation of a search and of what its children do fails in
 * turn. Nothing is done to a domain that is not its due, nothing that is due is forgotten: either
 * it is done, or the daemon has set itself a time to look again; and whoever looks then finishes
 * it.
 */
#include "../memory.h"
#include "../suite.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../descriptors.h"
#include "../domain/fakes.h"
#include "../files.h"
#include "../transport.h"
#include "domain/domain.h"
#include "domain/record.h"
#include "laminad/builders.h"
#include "laminad/laminad.h"
#include "laminad/p2m.h"
#include "laminad/search.h"

#define AUTOSTART DAEMON_RUN_DIR "/autostart"
#define DUMPS     DAEMON_RUN_DIR "/dumps"

struct laminad_settings laminad_settings = {
    .autostart_dir = AUTOSTART, .dump_dir = DUMPS, .restarts_max = 5, .short_life_s = 10
};

/* In place of daemon.c: what is said of each failure would fill screens. */
void daemon_log(int level, const char *format, ...)
{
    (void)level;
    (void)format;
}

static struct store_client *store;
static unsigned domid; /* of the domain that a case is about */
static struct failure failure;

/* ---- the memory of a domain that is dumped: shared info, three levels of the list, pages ---- */

enum { SHARED = 0, ROOT, MIDDLE, LIST, FIRST_PAGE };

int host_frames_map(domid_t domain, const uint64_t *mfns, size_t nr, int prot, int *errors,
                    void **address)
{
    uint64_t *frames = calloc(nr, 4096);

    (void)domain;
    (void)prot;
    if (!frames)
        return -ENOMEM;
    for (size_t i = 0; i < nr; i++) {
        uint64_t *frame = frames + i * P2M_ENTRIES;
        struct shared_info *shared = (struct shared_info *)frame;
        if (mfns[i] == SHARED) {
            shared->arch.pfn_to_mfn_frame_list_list = ROOT;
            shared->arch.max_pfn = 2;
        } else if (mfns[i] < LIST) {
            frame[0] = mfns[i] + 1;
        } else {
            frame[0] = FIRST_PAGE;
            frame[1] = FIRST_PAGE + 1;
        }
        if (errors)
            errors[i] = 0;
    }
    *address = frames;
    return 0;
}

void host_unmap(void *address, size_t nr_frames)
{
    (void)nr_frames;
    free(address);
}

long host_hypercall(unsigned long nr, unsigned long a0, unsigned long a1, unsigned long a2,
                    unsigned long a3, unsigned long a4)
{
    (void)nr;
    (void)a0;
    (void)a1;
    (void)a2;
    (void)a3;
    (void)a4;
    return 0;
}

/* ---- domains ---- */

#define XML(ends)                                                                                  \
    "<domain type='xen'><name>hello</name><memory unit='MiB'>64</memory>"                          \
    "<os><type>xen</type><kernel>/kernel</kernel></os>" ends                                       \
    "<devices><disk type='file'><source file='/disk'/><target dev='xvda'/></disk></devices>"       \
    "</domain>"

static void make_domain(const char *xml)
{
    struct config_report report = { .strict = false };
    struct domain_create_options options = { .paused = false };
    struct domain_config config;

    ck_assert_int_eq(domain_config_parse(xml, strlen(xml), &config, &report), 0);
    int rc = domain_create(store, &config, &options, &domid, &failure);
    ck_assert_msg(rc == 0, "%s", failure.text);
    domain_config_free(&config);
}

static void end_domain(const char *xml, unsigned reason)
{
    make_domain(xml);
    fake_domain(domid)->flags = XEN_DOMINF_shutdown | reason << XEN_DOMINF_shutdownshift;
}

static void set_node(const char *leaf, const char *value)
{
    char path[RECORD_PATH_SIZE];

    record_path(domid, leaf, path);
    fake_node_set(path, value);
}

static void power_off(void)
{
    end_domain(XML(""), SHUTDOWN_poweroff);
}

static void reboot(void)
{
    end_domain(XML(""), SHUTDOWN_reboot);
}

static void crash_and_rename(void)
{
    end_domain(XML("<on_crash>rename-restart</on_crash>"), SHUTDOWN_crash);
}

static void crash_and_dump(void)
{
    end_domain(XML("<on_crash>coredump-destroy</on_crash>"), SHUTDOWN_crash);
}

static void crash_and_keep(void)
{
    end_domain(XML("<on_crash>preserve</on_crash>"), SHUTDOWN_crash);
}

static void was_kept(void)
{
    reboot();
    set_node(RECORD_LEAF_KEPT, "preserve");
}

static void reboot_too_often(void)
{
    reboot();
    set_node(RECORD_LEAF_QUICK, "4");
}

static void vanish(void)
{
    make_domain(XML(""));
    fake_domain(domid)->used = false;
}

static void set_builder(const char *text)
{
    make_domain(XML(""));
    set_node("state", RECORD_BUILDING);
    set_node("builder", text);
}

static void be_built(void)
{
    char text[BUILDER_TEXT_SIZE];

    ck_assert_int_eq(builder_describe(getpid(), text), 0);
    set_builder(text);
}

static void lose_its_builder(void)
{
    set_builder("1 1");
}

static void be_half_destroyed(void)
{
    make_domain(XML(""));
    set_node("state", RECORD_DYING);
}

static void start_of_the_machine(void)
{
    ck_assert_int_eq(unlink(DAEMON_RUN_DIR "/autostart.done"), 0);
    write_text(AUTOSTART "/hello.xml", XML(""));
}

/* ---- how it must end: NULL, or what is wrong ---- */

static char nothing[1 << 16]; /* the snapshot without domains */

static const char *gone(void)
{
    return strcmp(fakes_snapshot(), nothing) == 0 ? NULL : "something of the domain is left";
}

static const char *runs_as(const char *name)
{
    unsigned nr = 0;
    const char *words = fakes_snapshot();

    if (strstr(words, "/orders/"))
        return "an order is left";
    for (unsigned i = 1; i < 512; i++) {
        const struct fake_domain *d = fake_domain(i);
        char path[RECORD_PATH_SIZE];
        if (!d->used)
            continue;
        record_path(i, "name", path);
        if (d->flags || d->paused || !d->introduced || d->nr_devices != 1 || !fake_node(path) ||
            strcmp(fake_node(path), name) != 0)
            return "another domain is there, or a part of one";
        nr++;
    }
    return nr == 1 ? NULL : "it does not run once";
}

static const char *restarted(void)
{
    return runs_as("hello");
}

static const char *restarted_as_another(void)
{
    return runs_as("hello-1");
}

static const char *kept(void)
{
    char path[RECORD_PATH_SIZE];

    record_path(domid, RECORD_LEAF_KEPT, path);
    if (!fake_domain(domid)->used || !fake_domain(domid)->flags)
        return "it was not left as it was";
    return fake_node(path) ? NULL : "it was not noted";
}

static const char *untouched(void)
{
    char path[RECORD_PATH_SIZE];

    record_path(domid, "state", path);
    return fake_domain(domid)->used && fake_node(path) &&
                   strcmp(fake_node(path), RECORD_BUILDING) == 0
               ? NULL
               : "it was touched";
}

static const char *autostarted(void)
{
    if (access(DAEMON_RUN_DIR "/autostart.done", F_OK) != 0)
        return "autostart was not finished";
    return runs_as("hello");
}

static const struct life {
    const char *name;
    void (*prepare)(void);
    const char *(*complaint)(void); /* of how it has to be in the end */
    bool is_always;                 /* ... and in the meantime */
} lives[] = {
    { "power off", power_off, gone, false },
    { "reboot", reboot, restarted, false },
    { "crash, rename-restart", crash_and_rename, restarted_as_another, false },
    { "crash, coredump-destroy", crash_and_dump, gone, false },
    { "crash, preserve", crash_and_keep, kept, false },
    { "kept before", was_kept, kept, true },
    { "given up", reboot_too_often, kept, false },
    { "gone from the hypervisor", vanish, gone, false },
    { "being built", be_built, untouched, true },
    { "without its builder", lose_its_builder, gone, false },
    { "half destroyed", be_half_destroyed, gone, false },
    { "autostart", start_of_the_machine, autostarted, false },
};

/* ---- the daemon ---- */

static void search_and_stop(void *context)
{
    struct laminad *daemon = context;

    search_all(daemon);
    if (daemon->jobs.nr_running == 0)
        loop_stop(daemon->loop);
}

/*
 * A daemon's life until it has nothing to do: whether it would look again by itself. at: the
 * allocation that fails; 0: none. *failed: whether it came to that.
 */
static bool run_daemon(unsigned at, bool *failed)
{
    struct laminad daemon = { .store = store, .loop = loop_new() };

    ck_assert_int_eq(jobs_open(&daemon.jobs, daemon.loop, search_and_stop, &daemon), 0);
    ck_assert_int_eq(retry_open(&daemon.retry, daemon.loop, 60000, search_all, &daemon), 0);
    memory_fail(at);
    search_all(&daemon);
    int rc = daemon.jobs.nr_running > 0 ? loop_run(daemon.loop) : 0;
    *failed = memory_failed();
    ck_assert_int_eq(rc, 0);
    bool looks_again = daemon.retry.is_set || daemon.jobs.list || daemon.builders;
    builders_forget_all(&daemon);
    retry_close(&daemon.retry);
    jobs_close(&daemon.jobs);
    loop_free(daemon.loop);
    return looks_again;
}

static void begin(const struct life *life)
{
    fakes_reset();
    ck_assert_int_eq(mkdir(AUTOSTART, 0755), 0);
    write_text(DAEMON_RUN_DIR "/autostart.done", "");
    strcpy(nothing, fakes_snapshot());
    failure = (struct failure){ .kind = FAILURE_NONE };
    life->prepare();
}

static bool has_half_a_dump(void)
{
    return strstr(fakes_snapshot(), ".part") != NULL;
}

/* Dumps that are whole are no remains. */
static void remove_dumps(void)
{
    ck_assert_int_eq(system("rm -rf " DUMPS), 0);
}

START_TEST(each_allocation)
{
    const struct life *life = &lives[_i];
    unsigned before = nr_descriptors(), at = 0, nr_again = 0;
    bool failed = true;

    for (; failed; at++) {
        bool again;
        begin(life);
        bool looks_again = run_daemon(at, &failed);
        ck_assert_msg(!has_half_a_dump(), "%s: allocation %u: half a dump", life->name, at);
        remove_dumps();
        const char *complaint = life->complaint();
        ck_assert_msg(!complaint || (at > 0 && failed && looks_again && !life->is_always),
                      "%s: allocation %u: %s\n%s", life->name, at, complaint, fakes_snapshot());
        nr_again += complaint != NULL;
        run_daemon(0, &again);
        remove_dumps();
        complaint = life->complaint();
        ck_assert_msg(!complaint, "%s: after allocation %u: %s\n%s", life->name, at, complaint,
                      fakes_snapshot());
        failed = failed || at == 0;
        ck_assert_uint_eq(nr_descriptors(), before);
    }
    ck_assert_uint_gt(at, 3);
    ck_assert(nr_again > 0 || life->is_always);
}
END_TEST

static void set_up(void)
{
    fakes_reset();
    ck_assert_int_eq(store_open(&store, 0), 0);
}

int main(void)
{
    Suite *suite = suite_create("memory");
    TCase *tests = tcase_create("memory");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, each_allocation, 0, sizeof(lives) / sizeof(lives[0]));
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
