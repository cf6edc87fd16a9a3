import Fixtures
import Glibc
import Processes
import Testing

extension ProcessesTests {
    @Suite struct SystemdNotifierTests {
        /// What systemd would be: a datagram socket with a name.
        private struct Listener {
            let descriptor = OwnedDescriptor(
                owning: socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0))

            init(_ name: String) {
                var address = sockaddr_un()
                address.sun_family = sa_family_t(AF_UNIX)
                let bytes = name.utf8.map { $0 == UInt8(ascii: "@") ? 0 : $0 }
                withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
                let length = socklen_t(2 + bytes.count + (bytes[0] == 0 ? 0 : 1))
                let bound = withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor.number, $0, length) }
                }
                #expect(bound == 0)
            }

            func next() throws -> String {
                #expect(try descriptor.waitReadable(timeout: .seconds(10)))
                var buffer = [UInt8](repeating: 0, count: 1024)
                let count = recv(descriptor.number, &buffer, buffer.count, 0)
                return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
            }
        }

        @Test func `speaks to a socket with a path`() throws {
            let folder = TemporaryFolder()
            let path = "\(folder.path)/notify"
            let listener = Listener(path)
            let notifier = try #require(SystemdNotifier(environment: Environment(["NOTIFY_SOCKET": path])))
            notifier.ready()
            #expect(try listener.next() == "READY=1")
            notifier.status("3 tasks\nrunning")
            #expect(try listener.next() == "STATUS=3 tasks running")
            notifier.watchdog()
            #expect(try listener.next() == "WATCHDOG=1")
            notifier.mainProcess(42)
            #expect(try listener.next() == "MAINPID=42")
            notifier.stopping()
            #expect(try listener.next() == "STOPPING=1")
            notifier.reloading()
            let reload = try listener.next()
            #expect(reload.hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
            #expect(Int(reload.dropFirst(27)) ?? 0 > 0)
        }

        @Test func `speaks to an abstract socket`() throws {
            let name = "@processes-tests-\(getpid())"
            let listener = Listener(name)
            try #require(SystemdNotifier(environment: Environment(["NOTIFY_SOCKET": name]))).ready()
            #expect(try listener.next() == "READY=1")
        }

        @Test func `nobody listening is no failure`() throws {
            try #require(SystemdNotifier(environment: Environment(["NOTIFY_SOCKET": "/no/such/socket"]))).ready()
            #expect(SystemdNotifier(environment: Environment()) == nil)
            #expect(SystemdNotifier(environment: Environment(["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 200)])) == nil)
        }

        @Test func `knows how often the watchdog wants to hear`() throws {
            var environment = Environment(["NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "30000000", "PATH": "/bin"])
            #expect(SystemdNotifier(environment: environment)?.watchdogInterval == .seconds(30))
            environment["WATCHDOG_PID"] = "\(getpid())"
            #expect(SystemdNotifier(environment: environment)?.watchdogInterval == .seconds(30))
            environment["WATCHDOG_PID"] = "1"
            #expect(SystemdNotifier(environment: environment)?.watchdogInterval == nil)
            let stripped = SystemdNotifier.stripped(environment)
            #expect(stripped["NOTIFY_SOCKET"] == nil)
            #expect(stripped["PATH"] == "/bin")
        }
    }
}
