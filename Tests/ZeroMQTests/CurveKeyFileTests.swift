import Fixtures
import Glibc
import Testing
import ZeroMQ

@Suite struct CurveKeyFileTests {
    @Test func `a key file is for its owner, and is made once`() throws {
        let folder = TemporaryFolder()
        let path = folder.file("celery.key")
        #expect(try CurveKeyFile.read(path) == nil)
        let keys = try CurveKeyFile.create(path)
        #expect(try CurveKeyFile.read(path) == keys)
        #expect(throws: (any Error).self) { try CurveKeyFile.create(path) }
        chmod(path, 0o644)
        #expect(throws: ZMQError.self) { try CurveKeyFile.read(path) }
    }
}
