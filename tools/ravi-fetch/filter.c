/* SPDX-License-Identifier: MIT */
/* The system-call filter: see filter.h. Classic BPF, written out: one more library would be one more to trust. */
#include <config.h>

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "filter.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#if defined(ARCHITECTURE) && !defined(WITH_SANITIZERS) /* a sanitizer does much that a client does not */

static const int allowed[] = {
    /* files and descriptors */
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_close, SYS_lseek, SYS_fstat,
    SYS_newfstatat, SYS_statx, SYS_openat, SYS_faccessat, SYS_faccessat2, SYS_readlinkat,
    SYS_getdents64, SYS_fcntl, SYS_ioctl, SYS_dup, SYS_dup3, SYS_pipe2, SYS_eventfd2, SYS_getcwd,
#ifdef SYS_open
    SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_poll, SYS_select,
    SYS_epoll_wait, SYS_time,
#endif
    SYS_fstatfs, SYS_statfs,
    /* waiting */
    SYS_ppoll, SYS_pselect6, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_nanosleep,
    SYS_clock_nanosleep, SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_futex,
    SYS_restart_syscall, SYS_sched_yield,
    /* the network */
    SYS_connect, SYS_bind, SYS_getsockname, SYS_getpeername, SYS_getsockopt, SYS_setsockopt,
    SYS_sendto, SYS_sendmsg, SYS_sendmmsg, SYS_recvfrom, SYS_recvmsg, SYS_shutdown,
    SYS_socketpair,
    /* memory */
    SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_brk,
    /* the process itself */
    SYS_exit, SYS_exit_group, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,
    SYS_sigaltstack, SYS_set_robust_list, SYS_set_tid_address, SYS_rseq, SYS_getpid, SYS_gettid,
    SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getrandom, SYS_uname, SYS_sysinfo,
    SYS_sched_getaffinity,
};

#define COUNT (sizeof(allowed) / sizeof(*allowed))

/* IPv4, IPv6, the kernel's list of addresses, which glibc sorts by, and, last, the resolver's daemons. */
static const int families[] = {AF_INET, AF_INET6, AF_NETLINK, AF_UNIX};

#define FAMILIES (sizeof(families) / sizeof(*families))
#define ARGUMENT offsetof(struct seccomp_data, args[0]) /* its low half: both are little-endian */

#define LOAD(offset)           BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offset))
#define RETURN(value)          BPF_STMT(BPF_RET | BPF_K, (uint32_t)(value))
#define IF_NOT(value, skip)    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, skip)
#define IF_NONE_OF(bits, skip) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t)(bits), 0, skip)
#define REFUSE(error)          RETURN(SECCOMP_RET_ERRNO | (error))
#define ALLOW                  RETURN(SECCOMP_RET_ALLOW)

int filter_calls(bool with_unix)
{
	struct sock_filter code[2 * COUNT + 2 * FAMILIES + 24];
	struct sock_fprog program = {.filter = code};
	size_t n = 0, count = with_unix ? FAMILIES : FAMILIES - 1;

#define ADD(statement) code[n++] = (struct sock_filter)statement
	ADD(LOAD(offsetof(struct seccomp_data, arch)));
	ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
	ADD(RETURN(SECCOMP_RET_KILL_PROCESS));
	ADD(LOAD(offsetof(struct seccomp_data, nr)));
	for (size_t i = 0; i < COUNT; i++) {
		ADD(IF_NOT(allowed[i], 1));
		ADD(ALLOW);
	}
	/* Its flags lie in memory, where a filter cannot look: glibc falls back to clone. */
	ADD(IF_NOT(SYS_clone3, 1));
	ADD(REFUSE(ENOSYS));
	/* Threads, no processes. */
	ADD(IF_NOT(SYS_clone, 4));
	ADD(LOAD(ARGUMENT));
	ADD(IF_NONE_OF(CLONE_THREAD, 1));
	ADD(ALLOW);
	ADD(REFUSE(EPERM));
	/* Its own limits, nobody else's. */
	ADD(IF_NOT(SYS_prlimit64, 4));
	ADD(LOAD(ARGUMENT));
	ADD(IF_NOT(0, 1));
	ADD(ALLOW);
	ADD(REFUSE(EPERM));
	ADD(IF_NOT(SYS_socket, (uint8_t)(2 + 2 * count)));
	ADD(LOAD(ARGUMENT));
	for (size_t i = 0; i < count; i++) {
		ADD(IF_NOT(families[i], 1));
		ADD(ALLOW);
	}
	ADD(REFUSE(EAFNOSUPPORT));
	ADD(REFUSE(EPERM));
#undef ADD
	program.len = (unsigned short)n;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

#else

int filter_calls(bool with_unix)
{
	(void)with_unix;
	return 0;
}

#endif
