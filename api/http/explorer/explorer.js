"use strict";

const CITY = `# 单位、事项分类、区划、渠道和时限规则。需要先登录（见 LogIn 标签页），令牌填在下方的 Headers。
query City {
  units { name }
  categories { name hasChildren }
  places { name hasChildren }
  channels { name }
  rulePack { title rows { name value } }
}
`;

const LOG_IN = `# 按 Ctrl+Enter（或 ▶）执行；左上角可打开接口文档。
# 演示城市的工作人员登录；各岗位的登录名在启动时的终端里。
# 把得到的 accessToken 填到其他标签页下方的 Headers：{"authorization": "Bearer …"}
mutation LogIn {
  staffLogIn(input: {login: "reviewer", password: "zhengtong-demo"}) {
    ... on SignedIn { accessToken accessEnds me { label roles } }
    ... on Problem { code message }
  }
}
`;

const ORDERS = `# 需要先登录（见 LogIn 标签页），令牌填在下方的 Headers。
query Orders {
  orders(first: 10) {
    ... on OrderConnection { edges { node { id number status title receivedAt due } } }
    ... on Problem { code message }
  }
}
`;

const DESK = `# 订阅：热线审核台上的变化，经 WebSocket 推送。
subscription Desk {
  deskChanged(status: HOTLINE_REVIEW) {
    ... on DeskChange { onDesk order { number status title } }
    ... on Problem { code message }
  }
}
`;

const TOKEN = '{\n  "authorization": "Bearer "\n}';

const socket = location.origin.replace(/^http/, "ws") + "/graphql";
const ask = GraphiQL.createFetcher({ url: "/graphql", subscriptionUrl: socket });

// On a WebSocket the headers become parameters of the connection, and their names are then told apart by case.
function fetcher(operation, options) {
  const headers = Object.entries(options?.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  return ask(operation, { ...options, headers: Object.fromEntries(headers) });
}

ReactDOM.createRoot(document.getElementById("explorer")).render(
  React.createElement(
    GraphiQL,
    {
      fetcher,
      defaultTabs: [
        { query: LOG_IN },
        { query: CITY, headers: TOKEN },
        { query: ORDERS, headers: TOKEN },
        { query: DESK, headers: TOKEN },
      ],
      isHeadersEditorEnabled: true,
      defaultEditorToolsVisibility: "headers",
      shouldPersistHeaders: false,
    },
    React.createElement(GraphiQL.Logo, null, React.createElement("span", { className: "brand" }, "政通 · 接口浏览器")),
  ),
);
