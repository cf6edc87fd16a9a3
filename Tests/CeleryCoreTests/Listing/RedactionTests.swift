import CeleryCore
import Testing

struct RedactionTests {
    private func words(_ args: [JSON], _ kwargs: JSONObject = [:], _ redaction: Redaction = Redaction()) -> String {
        CallText(redaction).words(TaskArguments(args: args, kwargs: kwargs))
    }

    @Test func `arguments read as they are typed for apply`() {
        #expect(words([1, 2.5, "a b", "it's", "7", nil, [1, "x"]], ["size": "XL", "n": 3, "text": "3"])
            == #"1 2.5 'a b' 'it'\''s' '"7"' null '[1,"x"]' size=XL n=3 'text="3"'"#)
        #expect(words([]) == "")
    }

    @Test func `values of secret names are hidden wherever names stand`() {
        #expect(words(["--password", "hush", "--api-key=hush", "DB_PASSWORD=hush", "plain=1"]) == "--password '***' '--api-key=***' 'DB_PASSWORD=***' plain=1")
        #expect(words([["user": "u", "accessToken": "hush"]], ["client_secret": "hush", "name": "n"])
            == #"'{"user":"u","accessToken":"***"}' 'client_secret=***' name=n"#)
        #expect(words([], ["outer": ["inner": [["secret": 1]]]]) == #"'outer={"inner":[{"secret":"***"}]}'"#)
    }

    @Test func `text that only speaks of a secret is shown`() {
        #expect(words(["the password = is long", "password", "next"]) == "'the password = is long' password next")
    }

    @Test func `the list of names can be chosen, and be empty`() {
        #expect(words([], ["password": "p", "PIN-code": 1], Redaction(["pin_code"])) == "password=p 'PIN-code=***'")
        #expect(words([], ["password": "p"], Redaction([])) == "password=p")
    }
}
