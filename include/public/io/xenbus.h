/* SPDX-License-Identifier: MIT */
/*
 * The states that front and back end of a device write into their `state` nodes, in decimal. Each
 * moves on when it sees the other's.
 */
#ifndef PUBLIC_IO_XENBUS_H
#define PUBLIC_IO_XENBUS_H

enum xenbus_state {
    XenbusStateUnknown = 0,      /* no such node */
    XenbusStateInitialising = 1, /* as the toolstack makes both ends */
    XenbusStateInitWait = 2,     /* the back end waits for the front end's details */
    XenbusStateInitialised = 3,  /* the front end wrote them */
    XenbusStateConnected = 4,
    XenbusStateClosing = 5, /* the device is to go, or an error ended it */
    XenbusStateClosed = 6,
    XenbusStateReconfiguring = 7,
    XenbusStateReconfigured = 8
};

#endif
