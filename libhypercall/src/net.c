/* SPDX-License-Identifier: MIT */
/*
 * A network interface over two rings. Buffers are granted once and for all; the slot's number is
 * the request's id. The back end may write a receive buffer at any time, so a frame is copied out
 * before anybody looks at it.
 */
#include "lamina/event.h"
#include "lamina/net.h"
#include "lamina/store.h"
#include "lamina/text.h"
#include "public/errno.h"

#define PAGE_BYTES 4096u
#define MAC_TEXT   17u

/* "00:16:3e:01:02:03" */
static long mac_parse(const char *text, uint8_t mac[6])
{
    for (unsigned i = 0; i < MAC_TEXT; i++) {
        char c = text[i];
        uint8_t digit;

        if (i % 3 == 2) {
            if (c != ':')
                return -XEN_EINVAL;
            continue;
        }
        if (c >= '0' && c <= '9')
            digit = (uint8_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (uint8_t)((c | 0x20) - 'a' + 10);
        else
            return -XEN_EINVAL;
        mac[i / 3] = (uint8_t)(mac[i / 3] << 4 | digit);
    }
    return text[MAC_TEXT] ? -XEN_EINVAL : 0;
}

static long mac_read(struct net *net)
{
    char path[FRONTEND_PATH + 8], text[MAC_TEXT + 3];
    long len;

    text_format(path, sizeof(path), "%s/mac", net->frontend.path);
    len = store_read(0, path, text, sizeof(text));
    return len < 0 ? len : mac_parse(text, net->mac);
}

static void offer_buffer(struct net *net, uint16_t id)
{
    struct netif_rx_request *request = RING_GET_REQUEST(&net->rx, net->rx.req_prod_pvt);

    *request = (struct netif_rx_request){ .id = id, .gref = net->rx_ref[id] };
    net->rx.req_prod_pvt++;
}

static void push_rx(struct net *net)
{
    bool wants_notice;

    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&net->rx, wants_notice);
    if (wants_notice)
        event_send(net->frontend.port);
}

static long give_buffers(struct net *net)
{
    for (uint16_t i = 0; i < NET_BUFFERS; i++) {
        net->tx_ref[i] = grant_give(net->frontend.domain, net->pages->tx[i], true);
        net->rx_ref[i] = grant_give(net->frontend.domain, net->pages->rx[i], false);
        if (net->tx_ref[i] == GRANT_NONE || net->rx_ref[i] == GRANT_NONE)
            return -XEN_ENOSPC;
        offer_buffer(net, i);
    }
    return 0;
}

static long publish(struct net *net)
{
    struct frontend *frontend = &net->frontend;
    long error = frontend_publish_ring(frontend, "tx-ring-ref", net->pages->tx_ring,
                                       &net->tx_ring_ref);

    if (!error)
        error = frontend_publish_ring(frontend, "rx-ring-ref", net->pages->rx_ring,
                                      &net->rx_ring_ref);
    if (!error)
        error = frontend_write(frontend, "request-rx-copy", "1");
    if (!error)
        error = frontend_write(frontend, "feature-rx-notify", "1");
    if (!error) /* checksums are to be complete on the wire, both ways */
        error = frontend_write(frontend, "feature-no-csum-offload", "1");
    return error;
}

long net_open(struct net *net, unsigned index, struct net_pages *pages)
{
    struct netif_tx_sring *tx = (void *)pages->tx_ring;
    struct netif_rx_sring *rx = (void *)pages->rx_ring;
    long error = frontend_open(&net->frontend, "vif", index);

    if (error)
        return error;
    net->pages = pages;
    XEN_FRONT_RING_INIT(&net->tx, tx, PAGE_BYTES);
    XEN_FRONT_RING_INIT(&net->rx, rx, PAGE_BYTES);
    error = mac_read(net);
    if (!error)
        error = give_buffers(net);
    if (!error)
        error = publish(net);
    if (!error)
        error = frontend_connect(&net->frontend, XenbusStateConnected);
    if (!error)
        push_rx(net);
    return error;
}

/* Buffers that the back end has sent are free again. */
static void take_sent(struct net *net)
{
    RING_IDX prod = __atomic_load_n(&net->tx.sring->rsp_prod, __ATOMIC_ACQUIRE);

    if (RING_RESPONSE_PROD_OVERFLOW(&net->tx, prod)) {
        net->is_broken = true;
        return;
    }
    for (; net->tx.rsp_cons != prod; net->tx.rsp_cons++) {
        struct netif_tx_response response;

        RING_COPY_RESPONSE(&net->tx, net->tx.rsp_cons, &response);
        if (response.id >= NET_BUFFERS || !net->tx_used[response.id]) {
            net->is_broken = true;
            return;
        }
        net->tx_used[response.id] = false;
    }
}

long net_send(struct net *net, const void *frame, size_t bytes)
{
    struct netif_tx_request *request;
    bool wants_notice;
    uint16_t id = 0;

    if (bytes < 14 || bytes > NET_FRAME_MAX)
        return -XEN_EINVAL;
    take_sent(net);
    if (net->is_broken)
        return -XEN_EIO;
    while (id < NET_BUFFERS && net->tx_used[id])
        id++;
    if (id == NET_BUFFERS)
        return -XEN_EAGAIN;
    net->tx_used[id] = true;
    __builtin_memcpy(net->pages->tx[id], frame, bytes);
    request = RING_GET_REQUEST(&net->tx, net->tx.req_prod_pvt);
    *request = (struct netif_tx_request){ .gref = net->tx_ref[id], .id = id,
                                          .size = (uint16_t)bytes };
    net->tx.req_prod_pvt++;
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&net->tx, wants_notice);
    if (wants_notice)
        event_send(net->frontend.port);
    return 0;
}

/* The next response, if it is one: 1, 0 or -XEN_EIO. */
static long take_response(struct net *net, struct netif_rx_response *response)
{
    RING_IDX prod = __atomic_load_n(&net->rx.sring->rsp_prod, __ATOMIC_ACQUIRE);

    if (net->is_broken || RING_RESPONSE_PROD_OVERFLOW(&net->rx, prod)) {
        net->is_broken = true;
        return -XEN_EIO;
    }
    if (net->rx.rsp_cons == prod)
        return 0;
    RING_COPY_RESPONSE(&net->rx, net->rx.rsp_cons, response);
    net->rx.rsp_cons++;
    if (response->id >= NET_BUFFERS ||
        (response->status > 0 &&
         (uint32_t)response->offset + (uint32_t)response->status > PAGE_BYTES)) {
        net->is_broken = true;
        return -XEN_EIO;
    }
    return 1;
}

long net_receive(struct net *net, void *frame, size_t size)
{
    struct netif_rx_response response;
    long ret = take_response(net, &response);

    if (ret <= 0)
        return ret;
    if (response.status > 0 && !(response.flags & (NETRXF_more_data | NETRXF_extra_info))) {
        ret = (size_t)response.status < size ? response.status : (long)size;
        __builtin_memcpy(frame, net->pages->rx[response.id] + response.offset, (size_t)ret);
    } else {
        ret = 0;
    }
    offer_buffer(net, response.id);
    push_rx(net);
    return ret;
}

long net_receive_wait(struct net *net, void *frame, size_t size, uint64_t deadline_ns)
{
    int has_more;
    long ret;

    for (;;) {
        ret = net_receive(net, frame, size);
        if (ret)
            return ret;
        RING_FINAL_CHECK_FOR_RESPONSES(&net->rx, has_more);
        if (has_more)
            continue;
        ret = event_wait(net->frontend.port, deadline_ns);
        if (ret)
            return ret;
    }
}

long net_close(struct net *net)
{
    long error = frontend_close(&net->frontend);
    bool is_back = true;

    for (unsigned i = 0; i < NET_BUFFERS; i++) {
        is_back &= grant_take_back(net->tx_ref[i]);
        is_back &= grant_take_back(net->rx_ref[i]);
    }
    is_back &= grant_take_back(net->tx_ring_ref);
    is_back &= grant_take_back(net->rx_ring_ref);
    return error || is_back ? error : -XEN_EBUSY;
}
