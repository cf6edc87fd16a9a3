import Fixtures
import Testing

@testable import Commands

/// What `celery doctor` says of units of systemd.
@Suite struct ServiceCheckTests {
    private let folder = TemporaryFolder()

    private var check: ServiceCheck {
        var check = ServiceCheck()
        check.folders = [folder.file("etc"), folder.file("lib")]
        return check
    }

    private func write(_ name: String, _ lines: String...) throws {
        try folder.write("[Unit]\nKillMode=ignored\n[Service]\n" + lines.joined(separator: "\n") + "\n", to: name)
    }

    @Test func `an instance of the packaged unit is well when it is enabled`() throws {
        try write("lib/celeryd@.service", "User=%i", "WorkingDirectory=/srv/%i", "ExecStart=/usr/bin/celery celeryd", "KillMode=mixed")
        try folder.write("", to: "etc/multi-user.target.wants/celeryd@demo.service")
        #expect(check.findings(project: "/srv/demo").map(\.state) == [.ok])
        #expect(check.findings(project: "/srv/other").map(\.text) == ["no unit runs this project"])
    }

    @Test func `a unit that ends tasks, works as root and does not start at boot is told thrice`() throws {
        try write("etc/celery-shop.service", "ExecStart=/usr/bin/celery celeryd --workdir /srv/shop")
        let found = check.findings(project: "/srv/shop")
        #expect(found.map(\.state) == [.warning, .warning, .warning])
        #expect(found.map { $0.hint ?? "" } == [
            "KillMode=mixed in systemctl edit celery-shop.service", "User=… in systemctl edit celery-shop.service",
            "systemctl enable celery-shop.service",
        ])
    }

    @Test func `a drop-in file changes what the unit says`() throws {
        try write("etc/celery-shop.service", "User=shop", "WorkingDirectory = /srv/shop/", "ExecStart=/usr/bin/celery celeryd")
        try write("etc/celery-shop.service.d/override.conf", "# not this: KillMode=none", "KillMode=mixed")
        try folder.write("", to: "etc/multi-user.target.wants/celery-shop.service")
        #expect(check.findings(project: "/srv/shop").map(\.state) == [.ok])
    }
}
