"""Renders an API Gateway mapping template, by an implementation of Velocity that is not API Gateway's, for requests given as
JSON on stdin: {"template": …, "requests": [{"query": {…}, "body": …, "agent": …}]}. Prints a JSON list of the texts."""
import base64
import json
import re
import sys

import airspeed


class Text(str):
    def replaceAll(self, pattern, by):
        return Text(re.sub(pattern, by, self))


class Util:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html#util-template-reference
    def escapeJavaScript(self, text):
        return Text(json.dumps(str(text))[1:-1].replace("'", "\\'").replace("/", "\\/"))

    def base64Encode(self, text):
        return base64.b64encode(str(text).encode()).decode()


class Query(dict):
    def keySet(self):
        return list(self)


class Bag:
    def __init__(self, **values):
        self.__dict__.update(values)


def render(template, request):
    params = Bag(querystring=Query(request["query"]))
    given = Bag(params=lambda: params, body=request["body"])
    context = Bag(stage="v1", httpMethod="POST", requestId="acb1a6cb", resourcePath="/clicks", resourceId="qycjw0slz9", requestTime="28/Jul/2020:05:51:04 +0000",
                  identity=Bag(sourceIp="54.239.119.16", userAgent=request["agent"]))
    return airspeed.Template(template).merge({"input": given, "util": Util(), "context": context})


given = json.load(sys.stdin)
json.dump([render(given["template"], r) for r in given["requests"]], sys.stdout)
