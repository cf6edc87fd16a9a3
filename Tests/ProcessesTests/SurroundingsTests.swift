import Fixtures
import Glibc
import Processes
import Testing

extension ProcessesTests {
    @Suite struct SurroundingsTests {
        @Test(.enabled(if: geteuid() == 0, "needs root"))
        func `gives up all rights for good`() throws {
            let (output, _) = try Probe.run("drop", "nobody")
            #expect(output == "user 65534 65534 group 65534 65534 groups [65534] back -1 -1\n")
            #expect(try Probe.run("drop", "12345", "54321").output
                == "user 12345 12345 group 54321 54321 groups [54321] back -1 -1\n")
            #expect(try Probe.run("drop", "nobody", "daemon").output
                == "user 65534 65534 group 1 1 groups [1] back -1 -1\n")
        }

        @Test func `says which name it does not know`() throws {
            #expect(try Probe.run("drop", "nobdy").output == "cannot find user nobdy: there is no such user\n")
            #expect(try Probe.run("drop", "root", "whel").output == "cannot find group whel: there is no such group\n")
            #expect(try Probe.run("drop", "12345").output
                == "cannot find the group of user 12345: the user has no entry in the user database; name a group too\n")
            #expect(try Privileges(user: nil, group: nil) == nil)
        }

        @Test(.enabled(if: geteuid() == 0, "needs root"))
        func `changes root before the working directory`() throws {
            let folder = TemporaryFolder()
            try folder.write("", to: "inside")
            mkdir("\(folder.path)/work", 0o755)
            #expect(try Probe.run("surroundings", folder.path, "work").output == "folder /work umask 77 file 0\n")
        }

        @Test func `makes paths absolute`() throws {
            #expect(try AbsolutePath.of("/a/b") == "/a/b")
            let folder = getcwd(nil, 0)!
            defer { free(folder) }
            #expect(try AbsolutePath.of("w.pid") == String(cString: folder) + "/w.pid")
        }
    }
}
