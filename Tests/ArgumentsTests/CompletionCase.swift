import Testing

/// A line and the words that every shell shall offer for its last one.
struct CompletionCase: Sendable, CustomTestStringConvertible {
    let line: String
    /// Whole words, also where a shell adds only the end of one.
    let candidates: [String]

    var testDescription: String { line }

    static let commands = ["apply", "beat", "celeryd", "dead", "dmap", "help", "result", "status"]
    static let tasks = ["images.make", "images.shrink", "mail.send"]
    static let ids = ["11111111-aaaa", "22222222-bbbb"]

    static let all = [
        ("celery ", commands),
        ("celery ap", ["apply"]),
        ("celery -q --settings x.toml ap", ["apply"]),
        ("celery --set", ["--settings"]),
        ("celery beat ", ["list", "next"]),
        ("celery beat --on", ["--once"]),
        ("celery beat next --c", ["--count"]),
        ("celery beat next --on", []),
        ("celery dead replay ", ["33333333-dead"]),
        ("celery dead replay 1111 3", ["33333333-dead"]),
        ("celery apply --co", ["--countdown"]),
        ("celery --json apply --cou", ["--countdown"]),
        ("celery apply --js", ["--json"]),
        ("celery worker --det", ["--detach"]),
        ("celery celeryd --daem", ["--daemon"]),
        ("celery dmap --no-b", ["--no-bar"]),
        ("celery apply ", tasks),
        ("celery apply images.", ["images.make", "images.shrink"]),
        ("celery apply images.make ", []),
        ("celery apply -wq m", ["mail.send"]),
        ("celery apply -wH a=b m", ["mail.send"]),
        ("celery apply --countdown 5 m", ["mail.send"]),
        ("celery apply -- m", ["mail.send"]),
        ("celery apply -- --wa", []),
        ("celery --settings other.toml apply ", ["other.task"]),
        ("celery apply --settings=other.toml ", ["other.task"]),
        ("celery --settings 'other.toml' apply ", ["other.task"]),
        ("celery --settings ~/other.toml apply ", ["home.task"]),
        ("celery xyzzy a", []),
        ("celery status -- --js", []),
        ("celery status --od", ["--odd"]),
        ("celery status --odd=a", ["--odd=a@b", "--odd=a/b"]),
        ("celery apply --link ", tasks),
        ("celery apply --queue im", ["images"]),
        ("celery apply --queue=im", ["--queue=images"]),
        ("celery celeryd --loglevel ", ["debug", "error", "info", "warning"]),
        ("celery celeryd --loglevel=w", ["--loglevel=warning"]),
        ("celery celeryd -l w", ["warning"]),
        ("celery celeryd -dl w", ["warning"]),
        ("celery celeryd -c ", []),
        ("celery dmap --signal US", ["USR1", "USR2"]),
        ("celery help ce", ["celeryd"]),
        ("celery status ", ids),
        ("celery status 111", ["11111111-aaaa"]),
        // The program is told the word so far.
        ("celery status 222", ["22222222-older"]),
        ("celery status --destination ", ["celery@web1", "celery@web2"]),
        ("celery status --destination celery@web1,c", ["celery@web1,celery@web2"]),
        ("celery status --destination=celery@web1,c", ["--destination=celery@web1,celery@web2"]),
        ("celery result 111 2", []),
        ("celery --settings al", ["alpha.toml"]),
        ("celery apply --batch al", ["alpha.toml"]),
        ("celery dmap images.make al", ["alpha.toml"]),
        ("celery dmap -5 al", ["alpha.toml"]),
    ].map { CompletionCase(line: $0, candidates: $1) }

    /// Lines with one candidate, and the arguments that the program then gets.
    static let typed: [(String, [String])] = [
        ("celery ap", ["apply"]),
        ("celery apply --queue=im", ["apply", "--queue=images"]),
        ("celery apply --queue im", ["apply", "--queue", "images"]),
        ("celery celeryd --loglevel=w", ["celeryd", "--loglevel=warning"]),
        ("celery --settings=al", ["--settings=alpha.toml"]),
        ("celery --workdir fo", ["--workdir", "folder/"]),
        ("celery apply -w --settings other.toml ", ["apply", "-w", "--settings", "other.toml", "other.task"]),
        ("celery beat ne", ["beat", "next"]),
        ("celery status --destination celery@web1,celery@w", ["status", "--destination", "celery@web1,celery@web2"]),
        ("celery status --destination=celery@web1,", ["status", "--destination=celery@web1,celery@web2"]),
    ]
}
