/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0-tools/device/bridge.c with the real kernel, in a network of the test's own: what it
 * makes of an interface, and that every allocation, those of libnl too, may fail: an error, and no
 * descriptor is lost. Where no such network may be made the program ends with 77: skipped.
 */
#include "../memory.h"
#include "../suite.h"

#include <check.h>
#include <linux/if.h>
#include <netlink/route/link.h>
#include <netlink/route/link/inet6.h>
#include <netlink/route/link/veth.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "../descriptors.h"
#include "device/bridge.h"

enum { SKIPPED = 77 };

static struct nl_sock *sock;

/* What the kernel says of an interface; NULL: there is none. To be put. */
static struct rtnl_link *look(const char *name)
{
    struct rtnl_link *link;

    return rtnl_link_get_kernel(sock, 0, name, &link) == 0 ? link : NULL;
}

static void add_interface(const char *name)
{
    ck_assert_int_eq(rtnl_link_veth_add(sock, name, "peer", getpid()), 0);
}

static void remove_interface(const char *name)
{
    struct rtnl_link *link = look(name);

    if (!link)
        return;
    ck_assert_int_eq(rtnl_link_delete(sock, link), 0);
    rtnl_link_put(link);
}

START_TEST(finds_and_makes)
{
    ck_assert_int_eq(bridge_find("br7"), -ENODEV);
    ck_assert_int_eq(bridge_make("br7"), 0);
    ck_assert_int_eq(bridge_make("br7"), 0);
    ck_assert_int_eq(bridge_find("br7"), 0);
    struct rtnl_link *link = look("br7");
    ck_assert(rtnl_link_get_flags(link) & IFF_UP);
    rtnl_link_put(link);
    add_interface("vif3.0");
    ck_assert_int_eq(bridge_find("vif3.0"), -ENOTSUP);
    ck_assert_int_eq(bridge_make("vif3.0"), -ENOTSUP);
}
END_TEST

START_TEST(adds_a_port)
{
    struct port_settings port = { .name = "vif3.0", .bridge = "br7", .mtu = 1400, .up = true };
    uint8_t mode;

    ck_assert_int_eq(bridge_add_port(&port), -ENODEV);
    ck_assert_int_eq(bridge_make("br7"), 0);
    add_interface("vif3.0");
    port.rename = "peer";
    ck_assert_int_eq(bridge_add_port(&port), -EEXIST);
    port.rename = "lan0";
    ck_assert_int_eq(bridge_add_port(&port), 0);
    struct rtnl_link *bridge = look("br7"), *link = look("lan0");
    ck_assert_ptr_nonnull(link);
    ck_assert_int_eq(rtnl_link_get_master(link), rtnl_link_get_ifindex(bridge));
    ck_assert_uint_eq(rtnl_link_get_mtu(link), 1400);
    ck_assert(rtnl_link_get_flags(link) & IFF_UP);
    if (rtnl_link_inet6_get_addr_gen_mode(link, &mode) == 0) /* else it has no IPv6 at all */
        ck_assert_uint_eq(mode, IN6_ADDR_GEN_MODE_NONE);
    rtnl_link_put(link);
    rtnl_link_put(bridge);
}
END_TEST

/* ---- each allocation fails in turn ---- */

static int find(void)
{
    return bridge_find("br0");
}

static int make(void)
{
    return bridge_make("br7");
}

static int add_port(void)
{
    return bridge_add_port(&(struct port_settings){
        .name = "vif3.0", .rename = "lan0", .bridge = "br0", .mtu = 1400, .up = true });
}

static int (*const operations[])(void) = { find, make, add_port };

START_TEST(each_allocation)
{
    unsigned before, at = 1, nr_refused = 0;
    bool failed;

    ck_assert_int_eq(bridge_make("br0"), 0);
    do {
        remove_interface("br7");
        remove_interface("lan0");
        remove_interface("vif3.0");
        add_interface("vif3.0");
        before = nr_descriptors();
        memory_fail(at++);
        int rc = operations[_i]();
        failed = memory_failed();
        ck_assert_msg(failed ? rc <= 0 : rc == 0, "allocation %u: %d", at - 1, rc);
        ck_assert_uint_eq(nr_descriptors(), before);
        nr_refused += rc != 0;
    } while (failed);
    ck_assert_uint_gt(nr_refused, 5);
}
END_TEST

static void set_up(void)
{
    ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
    sock = nl_socket_alloc();
    ck_assert_ptr_nonnull(sock);
    ck_assert_int_eq(nl_connect(sock, NETLINK_ROUTE), 0);
}

static void tear_down(void)
{
    nl_socket_free(sock);
}

static bool may_have_a_network(void)
{
    int flags = geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET;

    return unshare(flags) == 0;
}

int main(void)
{
    Suite *suite = suite_create("bridge");
    TCase *tests = tcase_create("bridge");

    if (!may_have_a_network()) {
        puts("bridge: skipped: no network of its own for this user here");
        return SKIPPED;
    }
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, finds_and_makes);
    tcase_add_test(tests, adds_a_port);
    tcase_add_loop_test(tests, each_allocation, 0, sizeof(operations) / sizeof(operations[0]));
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
