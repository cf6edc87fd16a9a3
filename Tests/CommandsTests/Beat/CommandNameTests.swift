import Testing

@testable import Commands

@Suite struct CommandNameTests {
    @Test(arguments: [
        ("/usr/local/bin/backup.sh --full", "backup"), ("backup", "backup"), ("cd /srv && ./make-it.py >/dev/null 2>&1", "make-it"),
        ("FOO=/a/b nice -n /bin/sync", "sync"), ("test -x /usr/sbin/anacron || ( cd / && run-parts /etc/cron.daily )", "run-parts"),
        ("[ -d /x ] && tar czf x.tgz /x", "tar"), ("", "job"), ("cd /", "job"), ("\"/opt/with space/run\"", "with"), ("ünïcode", "n_code"),
    ])
    func `is that of the program`(_ command: String, _ name: String) {
        #expect(CommandName.of(command, besides: []) == name)
    }

    @Test func `is one that no other has`() {
        #expect(CommandName.of("/bin/sync", besides: ["sync", "sync-2"]) == "sync-3")
    }
}
