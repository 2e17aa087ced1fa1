/* socket: recv(2), send(2) and sendmsg(2) of a socket that its caller owns. Any thread; never blocks.
 *
 * Straight to the system: glibc's own are points at which a thread may be cancelled
 * (pthreads(7)), and in a process of several threads mark that with two atomic operations a call.
 * No thread of ours is ever cancelled. Outcomes and errno are those of the manual's pages. */
#pragma once

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline ssize_t socket_receive(int socket, char *bytes, size_t room)
{
    return syscall(SYS_recvfrom, socket, bytes, room, MSG_DONTWAIT, NULL, NULL);
}

static inline ssize_t socket_send(int socket, const char *bytes, size_t length)
{
    return syscall(SYS_sendto, socket, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
}

static inline ssize_t socket_send_message(int socket, const struct msghdr *message)
{
    return syscall(SYS_sendmsg, socket, message, MSG_DONTWAIT | MSG_NOSIGNAL);
}
