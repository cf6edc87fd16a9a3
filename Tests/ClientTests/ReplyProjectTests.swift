import Brokers
import CeleryCore
import Fixtures
import Glibc
import Testing

@testable import Client

@Suite struct ReplyProjectTests {
    @Test func `who only reads opens the file of the project where it is, and creates none`() async throws {
        let folder = TemporaryFolder()
        var settings = Settings(projectFolder: folder.path)
        settings.file = folder.file("celery.toml")
        let project = ReplyProject(settings)
        #expect(try project.openLocalBroker(creates: false) == nil)
        #expect(access(folder.file("celery.db"), F_OK) != 0)
        let made = try #require(try project.openLocalBroker(creates: true))
        #expect(try await made.queues().isEmpty)
        await made.close()
        let found = try #require(try project.openLocalBroker(creates: false))
        #expect(try await found.queues().isEmpty)
        await found.close()
    }
}
