import CeleryCore
import Fixtures
import ResultStores

/// `file://`: a folder of files in Python's layout.
final class FolderResultStoreFixture: ResultStoreFixture {
    static let powers: Set<ResultStorePower> = [
        .attempts, .announcing, .oneRecord, .ownFields, .manyAtOnce, .sets, .setList, .ids, .watching, .ownExpiry, .expiring,
    ]

    let clock = ManualClock()
    private let folder = TemporaryFolder()

    func connect(expires: Double?) throws -> any ResultStore {
        try FolderResultStore(path: folder.file("results"), FolderResultStore.Terms(expires: expires)) { [self] in clock.now }
    }
}
