/* SPDX-License-Identifier: MIT */
/*
 * How the two halves of a split driver come together: each writes its state, a decimal number, to
 * the node "state" of its folder in the store and watches the other's.
 */
#ifndef PUBLIC_IO_XENBUS_H
#define PUBLIC_IO_XENBUS_H

enum xenbus_state {
    XenbusStateUnknown = 0,
    XenbusStateInitialising = 1,
    XenbusStateInitWait = 2,    /* has written its features, waits for the other half */
    XenbusStateInitialised = 3, /* has written rings and event channel */
    XenbusStateConnected = 4,
    XenbusStateClosing = 5,
    XenbusStateClosed = 6,
    XenbusStateReconfiguring = 7,
    XenbusStateReconfigured = 8
};

#endif
