import Glibc
import Processes
import Testing

/// The worker as a service of systemd.
@Suite(.blocking) struct SystemdTests {
    /// The end of a socket that systemd has.
    private struct Listener {
        let descriptor: OwnedDescriptor

        init(_ path: String) throws {
            descriptor = OwnedDescriptor(owning: socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0))
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor.number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0)
        }

        /// Notifications until one begins with `last`.
        func hear(until last: String) throws -> [String] {
            var heard: [String] = []
            while heard.last?.hasPrefix(last) != true, try descriptor.waitReadable(timeout: .seconds(20)) {
                var buffer = [UInt8](repeating: 0, count: 4_096)
                let count = recv(descriptor.number, &buffer, buffer.count, 0)
                heard.append(String(decoding: buffer[..<max(0, count)], as: UTF8.self))
            }
            return heard
        }
    }

    @Test func `says when it is ready, reloads and stops`() throws {
        let project = try Project()
        let listener = try Listener("\(project.path)/notify")
        let worker = try project.start("exec celery celeryd -c1", with: ["NOTIFY_SOCKET": "\(project.path)/notify"])
        #expect(try listener.hear(until: "READY=1") == ["READY=1"])
        worker.signal(SIGHUP)
        let reload = try listener.hear(until: "READY=1")
        #expect(reload.first?.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") == true)
        #expect(reload.last == "READY=1")
        worker.signal(SIGTERM)
        #expect(try listener.hear(until: "STOPPING=1").last == "STOPPING=1")
        #expect(try worker.wait().status == 0)
    }

    @Test func `a supervisor speaks for its workers, and for itself while there is none`() throws {
        let project = try Project()
        let listener = try Listener("\(project.path)/notify")
        let running = try project.start(
            "exec celery celeryd -S -c1", with: ["NOTIFY_SOCKET": "\(project.path)/notify", "WATCHDOG_USEC": "200000"])
        #expect(try listener.hear(until: "READY=1").last == "READY=1")
        #expect(try listener.hear(until: "WATCHDOG=1") == ["WATCHDOG=1"])
        let worker = try #require(Leftovers.processes(of: project.folder).first { Leftovers.parent(of: $0) == running.id })
        kill(worker, SIGKILL)
        #expect(try listener.hear(until: "STATUS=").last == "STATUS=The worker died (signal KILL); another starts soon")
        #expect(try listener.hear(until: "WATCHDOG=1") == ["WATCHDOG=1"])
        #expect(try listener.hear(until: "READY=1").last == "READY=1")
        running.signal(SIGTERM)
        #expect(try listener.hear(until: "STOPPING=1").last == "STOPPING=1")
        #expect(try running.wait().status == 0)
    }

    @Test func `keeps the watchdog content`() throws {
        let project = try Project()
        let listener = try Listener("\(project.path)/notify")
        let worker = try project.start(
            "exec celery celeryd -c1", with: ["NOTIFY_SOCKET": "\(project.path)/notify", "WATCHDOG_USEC": "100000"])
        #expect(try listener.hear(until: "READY=1").last == "READY=1")
        for _ in 1...3 { #expect(try listener.hear(until: "WATCHDOG=1") == ["WATCHDOG=1"]) }
        worker.signal(SIGTERM)
        #expect(try worker.wait().status == 0)
    }

    @Test func `keeps its variables from tasks`() throws {
        let project = try Project()
        let listener = try Listener("\(project.path)/notify")
        try project.task("env.sh", "#!/bin/sh\nenv | grep -c -e NOTIFY_ -e WATCHDOG_ -e CELERY_ROLE\n true\n")
        let worker = try project.start(
            "exec celery celeryd -c1", with: ["NOTIFY_SOCKET": "\(project.path)/notify", "WATCHDOG_USEC": "60000000"])
        #expect(try listener.hear(until: "READY=1").last == "READY=1")
        try project.expect("celery apply demo.tasks.env --wait", Ended("0\n"))
        worker.signal(SIGTERM)
        #expect(try worker.wait().status == 0)
    }
}
