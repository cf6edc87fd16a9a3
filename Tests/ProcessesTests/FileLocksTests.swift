import Glibc
@testable import Processes
import Fixtures
import Testing

extension ProcessesTests {
    @Suite struct FileLocksTests {
        let folder = TemporaryFolder()

        @Test func `reads what the kernel lists of one file`() {
            let listing = """
                1: FLOCK  ADVISORY  WRITE 18744 fe:00:1048583 0 EOF
                1: -> FLOCK  ADVISORY  WRITE 18745 fe:00:1048583 0 EOF
                2: POSIX  ADVISORY  WRITE 18747 fe:00:16583241 1073741824 1073742335
                3: POSIX  ADVISORY  READ 18747 fe:00:1048583 120 120
                4: OFDLCK ADVISORY  WRITE -1 fe:00:1048583 0 EOF
                5: FLOCK  ADVISORY  WRITE 5 fe:01:1048583 0 EOF
                """
            let locks = FileLocks(listing: listing, device: 0xfe00, inode: 1_048_583).locks
            #expect(locks == [
                .init(kind: .flock, isExclusive: true, process: 18_744, bytes: 0...UInt64.max, isWaiting: false),
                .init(kind: .flock, isExclusive: true, process: 18_745, bytes: 0...UInt64.max, isWaiting: true),
                .init(kind: .posix, isExclusive: false, process: 18_747, bytes: 120...120, isWaiting: false),
            ])
        }

        @Test func `a lock is listed as long as it is held`() throws {
            let path = "\(folder.path)/file"
            try folder.write("", to: "file")
            let descriptor = open(path, O_RDWR | O_CLOEXEC)
            #expect(FileLocks(path: path).locks == [])
            flock(descriptor, LOCK_EX)
            #expect(FileLocks(path: path).locks.map(\.process) == [getpid()])
            close(descriptor)
            #expect(FileLocks(path: path).locks == [])
            #expect(FileLocks(path: "\(folder.path)/none").locks == [])
        }
    }

    @Suite struct ProcessSightTests {
        @Test func `names a program and its command, and never more`() throws {
            let secret = try Spawn("/bin/sleep", arguments: ["/usr/bin/celery", "100"], environment: .current()).start(pidfd: true)
            #expect(eventually { ProcessSight(of: secret.id)?.description == "process \(secret.id) (celery 100)" })
            #expect(ProcessSight(of: secret.id)?.suspension == nil)
            try secret.signal(SIGSTOP)
            #expect(eventually { ProcessSight(of: secret.id)?.suspension == .stopped })
            try secret.signal(SIGKILL)
            #expect(eventually { ProcessSight(of: secret.id) == nil })
            _ = try secret.wait()
            let arguments = ["celery", "-c", "kill -STOP $$; :", "amqp://u:secret@h"]
            let url = try Spawn("/bin/sh", arguments: arguments, environment: .current()).start(pidfd: true)
            #expect(eventually { ProcessSight(of: url.id)?.suspension == .stopped })
            #expect(ProcessSight(of: url.id)?.program == "celery")
            try url.signal(SIGKILL)
            _ = try url.wait()
        }
    }
}
