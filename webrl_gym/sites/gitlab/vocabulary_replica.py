"""Names of the replica: people, groups and public repositories as WebArena's GitLab knows them, and its templates.

Names are facts; what a repository is about is said in words of ours.
"""

from __future__ import annotations

ACCOUNT = ("byteblaze", "Byte Blaze")

NAMED_PEOPLE: dict[str, str] = dict(
    line.split(" ", 1)
    for line in """
primer Primer
convexegg Convex Eggtart
abisubramanya27 Abishek S
vinta Vinta Chen
lahwaacz Jakub Klinkovský
koush Koushik Dutta
bblanchon Benoît Blanchon
yjlou Yi-Jung Lou
roshanjossey Roshan Jossy
ericwbailey Eric Bailey
Kilian Kilian Valkhof
Seirdy Rohan Kumar
davepgreene Dave Greene
eriklindernoren Erik Linder-Norén
kkroening Karl Kroening
mk-j Mark Jones
cylo Chih-Yuan Lo
hychen Hsin-Yu Chen
wlchu Wei-Ling Chu
JustinArmstrong Justin Armstrong
smarr Sara Marrero
tmalloy Tom Malloy
ogreer Olga Greer
pnilsson Per Nilsson
""".strip().splitlines()
)
"""Username and full name. They belong to no project but those that the official records put them into."""

GROUPS: dict[str, str] = {
    "a11yproject": "The A11Y Project",
    "facebook": "Facebook",
    "umano": "Umano",
    "thoughtbot": "thoughtbot",
    "keycloak": "Keycloak",
    "auth0": "Auth0",
    "huggingface": "Hugging Face",
    "openapitools": "OpenAPI Tools",
    "metalsmith": "Metalsmith",
    "prism-break": "PRISM Break",
    "pallets": "Pallets",
    "psf": "Python Software Foundation",
    "rails": "Ruby on Rails",
    "sqlitebrowser": "SQLite Browser",
    "videolan": "VideoLAN",
    "kivy": "Kivy",
    "gohugoio": "Hugo",
    "rust-lang": "The Rust Programming Language",
    "matplotlib": "Matplotlib",
    "apache": "Apache Software Foundation",
}

REPOSITORIES: tuple[tuple[str, str], ...] = tuple(
    (path, subject)
    for path, _, subject in (
        line.partition(" ")
        for line in """
a11yproject/a11yproject.com checklist
primer/design guideline
byteblaze/empathy-prompts prompt
byteblaze/a11y-webring.club webring
byteblaze/dotfiles shell
byteblaze/gimmiethat.space link page
byteblaze/remove-board-movement-events-from-the-github-issue-timeline timeline item
byteblaze/a11y-syntax-highlighting syntax highlighting
byteblaze/accessible-html-content-patterns HTML pattern
byteblaze/cloud-to-butt word replacement
byteblaze/millennials-to-snake-people word replacement
byteblaze/solarized-prism-theme colour theme
byteblaze/timeit stopwatch
umano/AndroidSlidingUpPanel sliding panel
facebook/create-react-app single page app
kkroening/ffmpeg-python video filter
mk-j/PHP_XLSXWriter spreadsheet
koush/AndroidAsync socket
eriklindernoren/PyTorch-GAN GAN
thoughtbot/administrate admin dashboard
keycloak/keycloak identity server
yjlou/2019-nCov epidemic chart
convexegg/chatgpt chatGPT client
auth0/angular-storage browser storage
eriklindernoren/Keras-GAN GAN
tmalloy/gan-in-the-browser GAN
ogreer/sketch-gan GAN
vinta/awesome-python Python library list
vinta/pangu.js text spacing
lahwaacz/arch-wiki-docs offline documentation
lahwaacz/Scripts shell script
koush/ion image loading
koush/UniversalAdbDriver device driver
bblanchon/ArduinoJson JSON
bblanchon/ArduinoTrace tracing
roshanjossey/first-contributions first contribution
Seirdy/seirdy.one personal website
davepgreene/ring-index webring
huggingface/datasets data set
huggingface/tokenizers tokenizer
openapitools/openapi-generator API client
metalsmith/metalsmith static site
prism-break/prism-break privacy guide
pallets/flask web framework
pallets/jinja template engine
pallets/click command line
psf/requests HTTP
psf/black code style
rails/jbuilder JSON
rails/webpacker asset
sqlitebrowser/sqlitebrowser database browser
videolan/vlc-android media player
kivy/kivy touch interface
kivy/buildozer packaging
gohugoio/hugoThemes theme
rust-lang/rustfmt code style
rust-lang/rustlings language exercise
matplotlib/cheatsheets plotting
apache/echarts chart
apache/superset dashboard
nvbn/thefuck command line
jekyll/minima blog theme
tldr-pages/tldr manual page
ohmyzsh/ohmyzsh shell theme
axios/axios HTTP
lodash/lodash list
moment/luxon date
chartjs/Chart.js chart
mozilla/pdf.js document viewer
mozilla/nunjucks template engine
date-fns/date-fns date
expressjs/express web framework
expressjs/multer upload
socketio/chat-example chat
prettier/prettier code style
eslint/doctrine comment parsing
webpack/css-loader style sheet
postcss/autoprefixer style sheet
necolas/normalize.css style sheet
animate-css/animate.css animation
fortawesome/Font-Awesome icon
feathericons/feather icon
google/gson JSON
google/guetzli image compression
square/okhttp HTTP
square/picasso image loading
bumptech/glide image loading
airbnb/lottie-android animation
junit-team/junit4 test
mockito/mockito test
spring-projects/spring-petclinic sample app
ansible/awx automation
docker/awesome-compose container
helm/charts container
prometheus/node_exporter monitoring
grafana/loki log
traefik/whoami container
caddyserver/caddy web server
gin-gonic/gin web framework
spf13/cobra command line
junegunn/fzf fuzzy search
sharkdp/bat file viewer
BurntSushi/ripgrep text search
jwilm/alacritty terminal
neovim/nvim-lspconfig editor
tpope/vim-fugitive editor
syncthing/syncthing file synchronisation
nextcloud/calendar calendar
owntracks/recorder location
home-assistant/iOS home automation
esphome/esphome home automation
openstreetmap/iD map editor
leaflet/Leaflet map
osm2vectortiles/osm2vectortiles map tile
scikit-image/scikit-image image
nltk/nltk language
explosion/sense2vec language
pandas-dev/pandas table
bokeh/bokeh plotting
sympy/sympy algebra
networkx/networkx graph
scrapy/scrapy crawler
celery/celery task queue
httpie/httpie HTTP
pypa/pipx packaging
python-poetry/poetry packaging
pyca/cryptography encryption
certbot/certbot certificate
""".strip().splitlines()
    )
)
"""Path with namespace and what it is about."""

GENERATED_REPOSITORIES = 62
"""How many more there are, of people without a name in the official records."""

TOP_STARS: dict[str, int] = {
    "umano/AndroidSlidingUpPanel": 30,
    "facebook/create-react-app": 29,
    "kkroening/ffmpeg-python": 28,
    "mk-j/PHP_XLSXWriter": 27,
    "koush/AndroidAsync": 26,
    "eriklindernoren/PyTorch-GAN": 25,
    "thoughtbot/administrate": 24,
    "keycloak/keycloak": 23,
    "a11yproject/a11yproject.com": 21,
    "primer/design": 21,
}
"""The most starred repositories; all others have fewer."""
MOST_STARS, MOST_OWN_STARS = 20, 14
"""Most stars of any other repository, and of one that the published account works on."""

TEMPLATES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("rails", "Ruby on Rails", "A web app on Ruby with a database.", ("Gemfile", "Rakefile", "config.ru")),
    ("spring", "Spring", "A small Java service.", ("pom.xml", "Dockerfile")),
    ("express", "NodeJS Express", "A web server on Node.", ("package.json", "app.js")),
    ("iosswift", "iOS (Swift)", "An app for phones and tablets by Apple.", ("Gemfile", "AppDelegate.swift")),
    ("dotnetcore", ".NET Core", "A console program for .NET.", ("Program.cs", "Dockerfile")),
    ("android", "Android", "An app that Gradle builds.", ("build.gradle", "settings.gradle", "gradlew")),
    ("gomicro", "Go Micro", "A small service in Go.", ("main.go", "go.mod")),
    ("hugo", "Pages/Hugo", "A static site that Hugo makes.", ("config.toml",)),
    ("jekyll", "Pages/Jekyll", "A static site that Jekyll makes.", ("_config.yml", "index.html")),
    ("plainhtml", "Pages/Plain HTML", "A static site without a generator.", ("index.html", "style.css")),
)
"""Project templates: name in addresses, title, what it is, its files beside the README."""
